"""The words `key=value` of the command line: they come before what the file says, as under xm."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from xenia.guestfile.bindings import Binding
from xenia.guestfile.given import COMMAND_LINE
from xenia.guestfile.keys import KEYS, KeyType
from xenia.guestfile.text import printable
from xenia.model.complaint import Complaint, Severity

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST = 1000
_LONGEST = 64 << 10


def read_overrides(words: Sequence[str]) -> tuple[dict[str, Binding], dict[str, str], list[Complaint]]:
    """Bindings of known keys, values of other names (for the file to use), and complaints.

    The words of a list key (`disk=A disk=B`) add up to one list, which takes the place of the file's. A list may also
    be written as in a file, for keys that take a text or a list too: `vif=['mac=...', '']`. So may a text: `boot="d"`.
    """
    bindings: dict[str, Binding] = {}
    others: dict[str, str] = {}
    complaints = []
    for word in words[:_MOST]:
        name, sign, value = word[:_LONGEST].partition("=")
        name = name.strip()
        if not sign or not _NAME.fullmatch(name):
            message = f"'{printable(word[:200])}' is no key=value"
            complaints.append(
                Complaint(
                    Severity.ERROR, message, COMMAND_LINE, text=printable(word[:200]), hint="for example memory=512"
                )
            )
        elif name in KEYS:
            bindings[name] = Binding(_value(name, _unquoted(value), bindings), word=word[:_LONGEST], used=True)
        else:
            others[name] = value
    return bindings, others, complaints


def _unquoted(value: str) -> str:
    """xl takes the words as lines of a file, where texts are in quotes; xm took them as they are."""
    quoted = re.fullmatch(r"""'([^']*)'|"([^"]*)\"""", value)
    return value if quoted is None else quoted[1] or quoted[2] or ""


def _value(name: str, value: str, bindings: dict[str, Binding]) -> Any:
    written = _list(value) if KEYS[name].type in (KeyType.LIST, KeyType.ANY) else None
    if KEYS[name].type is not KeyType.LIST:
        return _number_or_text(name, value) if written is None else written
    before = bindings[name].value if name in bindings else []
    return [*before, *([value] if written is None else written)]


def _number_or_text(name: str, value: str) -> Any:
    """A plain number as such where the key takes one, so that it reads like the file's."""
    if KEYS[name].type is not KeyType.TEXT and re.fullmatch(r"[0-9]{1,15}", value):
        return int(value)
    return value


def _list(value: str) -> list[str] | None:
    """The items of `['a', "b"]`; None when it is something else."""
    value = value.strip()
    if not (value.startswith("[") and value.endswith("]")):
        return None
    inner = value[1:-1].strip()
    if not re.fullmatch(r"""(?:(?:'[^']*'|"[^"]*")\s*(?:,\s*|$))*""", inner):
        return None
    return [found[1] if found[1] is not None else found[2] for found in re.finditer(r"""'([^']*)'|"([^"]*)\"""", inner)]
