"""What evaluating one guest file may use: far more than any real one needs, far less than would be felt."""

from __future__ import annotations

import re
from typing import Any

STEPS = 100_000
"""Expressions and statements evaluated."""
STRING = 64 << 10
"""Characters of one string."""
ITEMS = 4096
"""Items of one list, tuple or dict."""
TOTAL = 4 << 20
"""Characters and items made in all."""
BITS = 256
"""Bits of an integer."""
WIDTH = 1024
"""Width or precision of a format."""
DEPTH = 40
"""Expressions, calls and values inside each other."""

_FORMAT = re.compile(r"%(?:\([^)]*\))?[#0\- +]*(\*|\d+)?(?:\.(\*|\d+)?)?[hlL]?")
_DIGITS = re.compile(r"\d+")


class Exhausted(Exception):
    """A budget is used up; the text says which."""


class Budget:
    def __init__(self) -> None:
        self.steps = 0
        self.total = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps > STEPS:
            raise Exhausted(f"it takes more than {STEPS} steps; is there a loop without end?")

    def room(self, size: int, *, items: bool = False) -> None:
        """To be called before something of `size` characters (or items) is made."""
        if size > (ITEMS if items else STRING):
            raise Exhausted(
                f"a list of {size} items is too long" if items else f"a string of {size} characters is too long"
            )
        self.total += size
        if self.total > TOTAL:
            raise Exhausted("it makes too many long strings or lists")

    def result(self, value: Any) -> Any:
        """`value`, once its own size has been counted."""
        if isinstance(value, str):
            self.room(len(value))
        elif isinstance(value, list | tuple | dict):
            self.room(len(value), items=True)
        elif isinstance(value, int) and value.bit_length() > BITS:
            raise Exhausted("a number gets too large")
        return value

    def shown(self, *values: Any) -> None:
        """To be called before containers among `values` are turned into text or compared: what they hold in all, shared
        parts counted each time.
        """
        waiting = [(value, 0) for value in values]
        size = 0
        while waiting:
            value, depth = waiting.pop()
            size += (len(value) if isinstance(value, str) else 1) + 4
            if size > STRING or depth > DEPTH:
                raise Exhausted("a list or dict is too large or nested too deeply to be shown or compared")
            if isinstance(value, list | tuple):
                waiting.extend((item, depth + 1) for item in value)
            elif isinstance(value, dict):
                waiting.extend((item, depth + 1) for pair in value.items() for item in pair)

    def percent(self, text: str, values: Any) -> None:
        """To be called before `text % values`."""
        for found in _FORMAT.finditer(text):
            for width in found.groups():
                if width == "*":
                    raise Exhausted("a format with * as its width is not allowed")
                self.width(width or "")
        self.shown(text, values)

    def width(self, specification: str) -> None:
        """To be called before a value is formatted after `specification`."""
        if any(len(digits) > 6 or int(digits) > WIDTH for digits in _DIGITS.findall(specification)):
            raise Exhausted(f"a format wider than {WIDTH} characters")
