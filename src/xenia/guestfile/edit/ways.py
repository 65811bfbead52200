"""The ways to make one change, from the nearest to the farthest; `edit` takes the first that does exactly that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xenia.guestfile.edit.items import insertion, removal
from xenia.guestfile.edit.layout import Layout, Site, Span, Splice
from xenia.guestfile.edit.values import Value, quote_of, quoted, written

ABSENT = object()
"""In the place of a value: the key is to have none."""


@dataclass(frozen=True, slots=True)
class Way:
    """`wanted` is the value that the key is to have then, or ABSENT. `note` tells what was not done where it stood."""

    splices: tuple[Splice, ...]
    wanted: object
    note: str = ""


def to_set(layout: Layout, key: str, value: Value) -> Iterator[Way]:
    sites = layout.of(key)
    last = sites[-1] if sites else None
    if last is None:
        yield _appended(layout, f"{key} = {written(value, quote=_quote(layout))}", value)
        return
    if last.plain and last.literal and not last.added:
        source = last.value.of(layout.text)
        quote = quote_of(source)
        if quote and isinstance(value, int) and last.items is None:
            value = str(value)  # it stood in quotes, and stays in them
        new = written(value, quote=quote or _quote(layout), lines="\n" in source)
        yield Way((Splice(last.value, new),), value)
    yield _override(layout, key, last, f"{key} = {written(value, quote=_quote(layout))}", value)


def to_unset(layout: Layout, key: str) -> Iterator[Way]:
    sites = layout.of(key)
    if all(site.plain for site in sites):
        yield Way(_without(layout.text, [site.statement for site in sites]), ABSENT)
    if layout.python:
        yield _override(layout, key, sites[-1], f"del {key}", ABSENT)


def to_add(layout: Layout, key: str, items: list[str], item: str) -> Iterator[Way]:
    """`items` are those that the list has."""
    sites, wanted = layout.of(key), [*items, item]
    last = sites[-1] if sites else None
    if last is None:
        yield _appended(layout, f"{key} = {written([item], quote=_quote(layout))}", wanted)
        return
    source = last.value.of(layout.text)
    new = quoted(item, quote_of(source) or _quote(layout))
    if last.plain and last.items is not None:
        yield Way(insertion(layout.text, last, new), wanted)
    elif last.plain and last.literal and not last.added:
        yield Way((Splice(last.value, f"[{source}, {new}]" if items else f"[{new}]"),), wanted)
    yield _override(layout, key, last, f"{key} += [{new}]", wanted)
    yield _override(layout, key, last, f"{key} = {written(wanted, quote=_quote(layout))}", wanted)


def to_remove(layout: Layout, key: str, items: list[str], index: int) -> Iterator[Way]:
    """`items` are those that the list has."""
    sites = layout.of(key)
    wanted = [*items[:index], *items[index + 1 :]]
    if all(site.plain and site.items is not None for site in sites):
        begin = max(number for number, site in enumerate(sites) if number == 0 or not site.added)
        standing = [(site, number) for site in sites[begin:] for number in range(len(site.items or ()))]
        if len(standing) == len(items):
            yield Way((removal(layout.text, *standing[index]),), wanted)
    elif sites[-1].literal and not sites[-1].added:
        yield Way((Splice(sites[-1].value, written(wanted)),), wanted)
    yield _override(layout, key, sites[-1], f"{key} = {written(wanted, quote=_quote(layout))}", wanted)


def _quote(layout: Layout) -> str:
    """The mark that most texts of the file stand in."""
    return "'" if layout.text.count("'") > layout.text.count('"') else '"'


def _appended(layout: Layout, line: str, wanted: object) -> Way:
    return Way((_at_end(layout, f"{line}\n"),), wanted)


def _override(layout: Layout, key: str, last: Site, line: str, wanted: object) -> Way:
    why = "is computed" if not (last.plain and last.literal) or last.added else "is used by other lines"
    comment = f"# {key} {why} above (line {last.line}): this is what holds."
    note = f"{key} {why} (line {last.line}): that line stays, and the end of the file has {line.splitlines()[0]}"
    return Way((_at_end(layout, f"\n{comment}\n{line}\n"),), wanted, note)


def _at_end(layout: Layout, lines: str) -> Splice:
    text = layout.text
    return Splice(Span(len(text), len(text)), lines if not text or text.endswith("\n") else f"\n{lines}")


def _without(text: str, statements: list[Span]) -> tuple[Splice, ...]:
    """The splices that take whole statements out; what they take together (a `;` between two) is taken once."""
    taken: list[Span] = []
    for span in sorted((_whole(text, each) for each in statements), key=lambda each: each.start):
        if taken and span.start < taken[-1].end:
            span = _whole(text, Span(taken.pop().start, span.end))
        taken.append(span)
    return tuple(Splice(span, "") for span in taken)


def _whole(text: str, statement: Span) -> Span:
    """The statement with its line and the comment behind it, or with the `;` that parts it from others there."""
    line_start = text.rfind("\n", 0, statement.start) + 1
    line_end = text.find("\n", statement.end)
    line_end = len(text) if line_end < 0 else line_end
    before, after = text[line_start : statement.start], text[statement.end : line_end]
    following = after.lstrip()
    if not before.strip() and (not following.strip("; \t") or following.startswith("#")):
        return Span(line_start, min(line_end + 1, len(text)))
    if following.startswith(";"):
        end = statement.end + after.index(";") + 1
        return Span(statement.start, end + len(text[end:line_end]) - len(text[end:line_end].lstrip()))
    if ";" in before:
        return Span(line_start + before.rindex(";"), statement.end)
    return statement
