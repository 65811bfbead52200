"""One file of the registry: lines `key: value`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_COMMENT = re.compile(r"[^:]*#")
"""A line whose first `#` stands before its first colon is a comment, blanks or letters before it or not."""
_SEPARATOR = ": "
_ENOUGH_LINES = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """`line` counts from 1."""

    value: str
    line: int


@dataclass(frozen=True, slots=True)
class FileText:
    """`entries` by key; of a key that stands there several times the last one. `skipped` are the lines that say
    nothing to the registry, though they are neither empty nor a comment.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    skipped: tuple[int, ...] = ()


def parse(text: str) -> FileText:
    """What `text` says. Any text is one: what is no `key: value` is skipped, as the registry itself does."""
    entries: dict[str, Entry] = {}
    skipped = []
    for number, line in enumerate(text.split("\n"), 1):
        if _COMMENT.match(line) or not line.strip():
            continue
        key, sign, value = line.partition(_SEPARATOR)
        if sign:
            entries[key] = Entry(value.strip(), number)
        else:
            skipped.append(number)
    return FileText(entries, tuple(skipped))


def is_whole(text: str) -> bool:
    """The registry takes a file of fewer than two lines for one that was cut off, and looks for its backup."""
    return len(text.splitlines()) >= _ENOUGH_LINES
