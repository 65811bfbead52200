"""Changing values of xend.toml where they stand: comments, order and layout stay.

An edit may be simple, even wrong: what comes of it is read again, and is right or refused.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xenia.model.errors import XeniaError, invalid
from xenia.settings.toml import HEADER, flat, plain_key

_LONGEST = 200
"""Lines that one value may go over."""


@dataclass(frozen=True, slots=True)
class _Statement:
    """`name = value` in the lines `start` to `end` (exclusive); a header `[name]` where `header`."""

    name: str
    start: int
    end: int
    header: bool = False


def edited(text: str, changes: Mapping[str, str | None]) -> str:
    """`text`, which can be read, with each setting of `changes` given its value, in TOML, or taken out (None).

    Raises invalid where that cannot be done without changing anything else.
    """
    new = text
    for name, value in changes.items():
        new = _set(new, name, value) if value is not None else _unset(new, name)
    wanted = dict(flat(tomllib.loads(text)))
    for name, value in changes.items():
        wanted.pop(name, None)
        if value is not None:
            wanted[name] = tomllib.loads(f"x = {value}")["x"]
    try:
        done = dict(flat(tomllib.loads(new)))
    except tomllib.TOMLDecodeError:
        done = {}
    if done != wanted:
        raise _cannot(", ".join(changes))
    return new


def _cannot(what: str) -> XeniaError:
    return invalid(f"{what}: the file is written in a way that is not changed here", "change it in an editor")


def _set(text: str, name: str, value: str) -> str:
    lines = text.split("\n")
    statements = list(_statements(lines))
    there = next((each for each in statements if each.name == name and not each.header), None)
    if there is not None:
        head = lines[there.start].partition("=")[0]
        lines[there.start : there.end] = [f"{head.rstrip()} = {value}{_comment(lines, there)}"]
        return "\n".join(lines)
    table, _, key = name.rpartition(".")
    at = _end_of(table, statements, lines)
    if at is None:
        before = f"{text.rstrip()}\n\n" if text.strip() else ""
        return f"{before}[{table}]\n{key} = {value}\n"
    lines.insert(at, f"{key} = {value}")
    return "\n".join(lines)


def _unset(text: str, name: str) -> str:
    lines = text.split("\n")
    for each in _statements(lines):
        if each.name == name and not each.header:
            del lines[each.start : each.end]
            break
    return "\n".join(lines)


def _end_of(table: str, statements: list[_Statement], lines: list[str]) -> int | None:
    """The line before which one more statement of `table` goes ("" for those before any table); None for a table that
    is not there.
    """
    within, end = not table, None if table else 0
    for each in statements:
        if each.header:
            within = each.name == table
        if within:
            end = each.end
    if end == 0 and not any(each.header for each in statements):
        return len(lines) - (lines[-1] == "")
    return end


def _statements(lines: list[str]) -> Iterator[_Statement]:
    table, at = "", 0
    while at < len(lines):
        line, start = lines[at], at
        at += 1
        if (header := HEADER.fullmatch(line.rstrip("\r"))) is not None:
            table = plain_key(header[1])
            yield _Statement(table, start, at, header=True)
        elif line.strip() and not line.lstrip().startswith("#"):
            while _value(lines[start:at]) is None:
                at += 1
                if at > min(len(lines), start + _LONGEST):
                    raise _cannot(plain_key(line.partition("=")[0]))
            key = plain_key(line.partition("=")[0])
            yield _Statement(f"{table}.{key}" if table else key, start, at)


def _value(lines: list[str]) -> dict[str, Any] | None:
    """What some lines say by themselves; None where they are no whole statement."""
    try:
        return tomllib.loads("\n".join(lines) + "\n")
    except tomllib.TOMLDecodeError:
        return None


def _comment(lines: list[str], statement: _Statement) -> str:
    """The comment behind the value of a statement, with the blanks before it, and the end of its line."""
    *before, last = lines[statement.start : statement.end]
    value, at = _value([*before, last]), last.find("#")
    while at >= 0:
        if _value([*before, last[:at]]) == value:
            return last[len(last[:at].rstrip()) :]
        at = last.find("#", at + 1)
    return "\r" if last.endswith("\r") else ""
