"""What reading a guest file gave."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from xenia.model.complaint import Complaint, Severity
from xenia.model.domain import DomainConfig


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: `line` and `column` from 1, `text` the whole line."""

    line: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """`config` is None exactly when a complaint is an error.

    `values` are the raw values by key, as the file gives them; `places` where each stands, by key (`kernel`,
    `memory`) and by item (`disk[0]`, `vif[1]`), so that what is found out later (a missing image) is said with its
    place.
    """

    file: str
    config: DomainConfig | None = None
    complaints: tuple[Complaint, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)

    def complain(self, severity: Severity, key: str, message: str, hint: str | None = None) -> Complaint:
        """A complaint about what `key` says, placed where it stands."""
        return self.place(Complaint(severity, message, hint=hint, key=key))

    def place(self, complaint: Complaint) -> Complaint:
        """`complaint`, which names a key or item but not where that stands, with its place."""
        place = self.places.get(complaint.key)
        if place is None:
            return replace(complaint, file=self.file)
        return replace(complaint, file=self.file, line=place.line, column=place.column, text=place.text)
