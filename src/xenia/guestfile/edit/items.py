"""Putting an item into a list of a file, and taking one out, so that the list keeps its form."""

from __future__ import annotations

from xenia.guestfile.edit.layout import Site, Span, Splice


def insertion(text: str, site: Site, item: str) -> tuple[Splice, ...]:
    """The splices that put the source `item` after the last item of `site`'s list: on a line of its own where the last
    one has that, with a comma behind it where the last one has that.
    """
    items = site.items or ()
    if not items:
        inner = Span(site.value.start + 1, site.value.end - 1)
        if inner.of(text).strip():  # a comment: keep it
            return (Splice(Span(inner.start, inner.start), f" {item} "),)
        return (Splice(inner, item),)
    last = items[-1]
    comma = _comma(text, last.end, site.value.end)
    end = last.end if comma is None else comma + 1
    indent = _indent(text, last.start)
    if indent is None:
        return (Splice(Span(end, end), f", {item}" if comma is None else f" {item},"),)
    new = f"\n{indent}{item}" if comma is None else f"\n{indent}{item},"
    missing = "," if comma is None else ""
    line_end = _line_end(text, end)
    if line_end >= site.value.end or line_end == end:  # nothing but perhaps the bracket follows on this line
        return (Splice(Span(end, end), missing + new),)
    return (Splice(Span(end, end), missing), Splice(Span(line_end, line_end), new))


def removal(text: str, site: Site, index: int) -> Splice:
    """The splice that takes the item number `index` out of `site`'s list, with its line where it has one of its own."""
    items = site.items or ()
    item = items[index]
    comma = _comma(text, item.end, site.value.end)
    end = item.end if comma is None else comma + 1
    line_end = _line_end(text, end)
    rest = text[end:line_end].strip()
    if _indent(text, item.start) is not None and (not rest or rest.startswith("#")) and line_end < site.value.end:
        return Splice(Span(text.rfind("\n", 0, item.start) + 1, line_end + 1), "")
    if comma is not None:
        while text[end] in " \t":
            end += 1
        return Splice(Span(item.start, end if index + 1 < len(items) else comma + 1), "")
    if index and "#" not in text[items[index - 1].end : item.start]:
        return Splice(Span(items[index - 1].end, item.end), "")
    return Splice(item, "")


def _comma(text: str, start: int, end: int) -> int | None:
    """Where the comma after an item is, comments passed over; None where none comes before `end`."""
    while start < end:
        if text[start] == ",":
            return start
        if text[start] == "#":
            start = _line_end(text, start)
        elif not text[start].isspace():
            return None
        else:
            start += 1
    return None


def _indent(text: str, start: int) -> str | None:
    """The blanks before `start` where nothing else stands before it on its line; None otherwise."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return None if before.strip() else before


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end
