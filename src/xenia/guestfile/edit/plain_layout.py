"""The layout of a file in xl's grammar, where every value is a literal."""

from __future__ import annotations

from typing import Any

from xenia.guestfile import plain
from xenia.guestfile.edit.layout import Layout, Site, Span
from xenia.guestfile.text import Source


def plain_layout(source: Source) -> Layout:
    """Raises plain.NotPlain for a text that is not in xl's grammar."""
    parser = _Noting(source)
    parser.file()
    sites = {name: tuple(found) for name, found in parser.sites.items()}
    return Layout(source.text, python=False, sites=sites)


class _Noting(plain.Parser):
    """A parser that notes where assignments, values and items begin and end."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.sites: dict[str, list[Site]] = {}
        self.before = 0
        """Where the token before the one at hand ends."""
        self.item_spans: list[Span] = []
        self.last_value = Span(0, 0)
        self.is_list = False

    def advance(self) -> None:
        self.before = self.at
        super().advance()

    @property
    def begin(self) -> int:
        """Where the token at hand begins."""
        return self.at - len(self.word)

    def assignment(self) -> None:
        name, start, line = self.word, self.begin, self.line
        added = False
        super().assignment()
        end = self.last_value.end
        operator = self.source.text[start : self.last_value.start].removeprefix(name)
        added = operator.lstrip().startswith("+=")
        items = tuple(self.item_spans) if self.is_list else None
        site = Site(line, Span(start, end), self.last_value, plain=True, literal=True, added=added, items=items)
        self.sites.setdefault(name, []).append(site)

    def value(self, depth: int) -> Any:
        start = self.begin
        if depth == 0:
            self.item_spans = []
            self.is_list = self.word == "["
        value = super().value(depth)
        span = Span(start, self.before)
        if depth == 1:
            self.item_spans.append(span)
        self.last_value = span
        return value
