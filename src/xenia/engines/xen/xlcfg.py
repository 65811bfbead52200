r"""The text of an xl.cfg, in which no value can become a key.

What stands in a value comes from strangers' guest files. Source: the grammar of libxlutil (libxlu_cfg_l.l,
libxlu_cfg_y.y, libxlu_disk_l.l): a string in " ends at the next " that has no backslash before it, \" and \\ are
the characters themselves, and a newline never stands in one. Within the texts of `disk`, `vif` and `vfb` a comma
begins the next word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from xenia.lib.text import printable
from xenia.model.errors import invalid

Value = int | str | Sequence[str]
Settings = dict[str, Value]
"""Keys of xl.cfg(5) and their values, in the order in which they are written."""

_KEY = re.compile(r"[a-z][a-z0-9_]*")
_MOST = 1 << 63


def written(settings: Mapping[str, Value]) -> str:
    """`settings` as xl reads them, one to a line.

    Raises invalid for a text with characters that no xl.cfg should hold.
    """
    return "".join(f"{_key(name)} = {_value(value)}\n" for name, value in settings.items())


def words(pairs: Mapping[str, str | int | None]) -> str:
    """`key=value,key=value`, as the texts of xl's device lists are made; pairs that are None are left out.

    Raises invalid for a value with a comma or a blank at its end, which would not come back as it is.
    """
    return ",".join(f"{_key(name)}={_word(name, str(value))}" for name, value in pairs.items() if value is not None)


def unwritable(text: str) -> bool:
    """Whether `text` has control characters or bytes that are no text: those are kept out of xl's files."""
    return any(unicodedata.category(char) in ("Cc", "Cs") and char != "\t" for char in text)


def _key(name: str) -> str:
    if not _KEY.fullmatch(name):
        raise ValueError(f"{name!r} is no key of xl")
    return name


def _value(value: Value) -> str:
    if isinstance(value, int):
        if not -_MOST <= value < _MOST:
            raise invalid(f"the number {value} is too large for Xen's tools")
        # A bare number has no sign in xl's grammar; read as a text it may have one.
        return str(int(value)) if value >= 0 else f'"{value}"'
    if isinstance(value, str):
        return _quoted(value)
    return f"[ {', '.join(map(_quoted, value))} ]" if value else "[ ]"


def _quoted(text: str) -> str:
    if unwritable(text):
        raise invalid(
            f"'{printable(text)}' has control characters, which are kept out of the files of Xen's tools",
            "take them out of the guest file",
        )
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _word(name: str, value: str) -> str:
    if "," in value or value != value.strip():
        raise invalid(f"{name}={printable(value)} cannot be told to Xen's tools: a comma there begins the next word")
    return value
