"""Values as they are written in a guest file, so that xl and Python read them alike."""

from __future__ import annotations

import re
from collections.abc import Sequence

from xenia.model.errors import invalid

Value = str | int | Sequence[str]

_WIDTH = 100
"""The longest list that is written on one line."""


def written(value: Value, *, quote: str = '"', lines: bool = False) -> str:
    """`value` as source. `quote` is the mark that texts stand in where nothing speaks against it; with `lines` each
    item of a list gets a line of its own.

    Raises invalid for a text with control characters.
    """
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, str):
        return quoted(value, quote)
    items = [quoted(item, quote) for item in value]
    one_line = f"[{', '.join(items)}]"
    if len(items) > 1 and (lines or len(one_line) > _WIDTH):
        return "\n".join(["[", *(f"    {item}," for item in items), "]"])
    return one_line


def quoted(text: str, quote: str = '"') -> str:
    """`text` in quotes; in the other ones where those need no escape."""
    if not text.isprintable():
        raise invalid(f"{text!r} cannot stand in a guest file: it has control characters")
    other = "'" if quote == '"' else '"'
    if quote in text and other not in text:
        quote = other
    escaped = text.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    return f"{quote}{escaped}{quote}"


def quote_of(source: str) -> str | None:
    """The first mark that a text in `source` stands in; None where there is none."""
    found = re.search("['\"]", source)
    return found[0] if found else None
