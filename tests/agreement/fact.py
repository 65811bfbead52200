"""One thing that can be compared: what we say and what another reader says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    AGREED = "agreed"
    EXPLAINED = "explained"
    WRONG = "wrong"


ABSENT = "(nothing)"
"""In the place of a value that one of the two does not give."""


@dataclass(frozen=True, slots=True)
class Fact:
    """`name` is what is compared (`memory`, `disk[0].path`), `text` the guest file or item that it is about."""

    comparison: str
    file: str
    name: str
    ours: Any
    theirs: Any
    text: str = ""

    @property
    def agreed(self) -> bool:
        return bool(self.ours == self.theirs) and isinstance(self.ours, bool) is isinstance(self.theirs, bool)
