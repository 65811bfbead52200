"""What evaluating a guest file gives: values by name, each with its places."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from xenia.model.complaint import Complaint
from xenia.model.reading import Place


class PlacedStr(str):
    """A string that is an item of a list and knows where it stands."""

    __slots__ = ("place",)
    place: Place


def placed(value: str, place: Place) -> PlacedStr:
    item = PlacedStr(value)
    item.place = place
    return item


class WrittenInt(int):
    """A number that knows the letters it was written with: where a text belongs, they are it (`name = 007`)."""

    letters: str

    def __new__(cls, value: int, letters: str) -> WrittenInt:
        number = super().__new__(cls, value)
        number.letters = letters
        return number


@dataclass(frozen=True, slots=True)
class Binding:
    """One name of the file. `key` is where the name stands, `place` where its value does; both None when it comes from
    the command line.

    `word` is the word of the command line, or "" for a binding of the file. `used` tells that the file itself reads the
    name: then it may be a helper of the file that is meant for nobody else.
    """

    value: Any
    key: Place | None = None
    place: Place | None = None
    word: str = ""
    used: bool = False


@dataclass(frozen=True, slots=True)
class Evaluated:
    """`python` tells that the file is in xm's dialect and more than plain assignments."""

    bindings: dict[str, Binding]
    python: bool
    complaints: list[Complaint] = field(default_factory=list)


def plain_value(value: Any) -> Any:
    """`value` as JSON can hold it: tuples as lists, keys as strings, no numbers that are none, no functions."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, WrittenInt):
        return int(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, int | float) else "a function or module"
