"""A strict parser of what xl reads.

It takes what libxlu_cfg_l.l and libxlu_cfg_y.y take, less what is never written here (`+=`, `'` strings,
escapes other than those of `"` and of the backslash, nested lists): it refuses all else.
"""

from __future__ import annotations

import re
from typing import Any

_LINE = re.compile(r"([a-z][a-z0-9_]*) = (.*)")
_STRING = re.compile(r'"((?:[^"\\\n]|\\["\\])*)"')
_LIST = re.compile(rf"\[ (?:{_STRING.pattern}(?:, {_STRING.pattern})* )?\]")


def parsed(text: str) -> dict[str, Any]:
    """Keys and values of an xl.cfg: numbers as int, each key once."""
    found: dict[str, Any] = {}
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        match = _LINE.fullmatch(line)
        assert match, line
        assert match[1] not in found, f"{match[1]} stands twice"
        found[match[1]] = _value(match[2])
    return found


def _value(text: str) -> Any:
    if re.fullmatch(r"[0-9]+", text):
        return int(text)
    if string := _STRING.fullmatch(text):
        return _unquoted(string[1])
    assert _LIST.fullmatch(text), text
    return [_unquoted(item) for item in _STRING.findall(text)]


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def as_xl_reads(settings: dict[str, Any]) -> dict[str, Any]:
    """`settings` as xl keeps them: a number is a text."""
    return {
        key: str(value) if isinstance(value, int | str) else list(value)
        for key, value in settings.items()
        if value != []
    }
