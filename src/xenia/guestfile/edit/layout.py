"""Where a guest file gives a key its value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Letters `start` to `end` (exclusive) of the text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Site:
    """One place where a name is given a value or changed.

    `plain` tells that it is an assignment to this name alone, always carried out; `literal` that its value stands there
    as it is. `items` are the items of the value where that is a list, else None. `added` is `+=`. `line` counts from 1.
    """

    line: int
    statement: Span
    value: Span
    plain: bool = False
    literal: bool = False
    added: bool = False
    items: tuple[Span, ...] | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The sites of each name in the order of the text. `python` tells which dialect the text is in."""

    text: str
    python: bool
    sites: dict[str, tuple[Site, ...]]

    def of(self, name: str) -> tuple[Site, ...]:
        return self.sites.get(name, ())


@dataclass(frozen=True, slots=True)
class Splice:
    """`text` in place of the letters of `span`."""

    span: Span
    text: str


def spliced(text: str, splices: tuple[Splice, ...]) -> str:
    """`text` with all `splices` made; they do not overlap."""
    for splice in sorted(splices, key=lambda each: each.span.start, reverse=True):
        text = text[: splice.span.start] + splice.text + text[splice.span.end :]
    return text
