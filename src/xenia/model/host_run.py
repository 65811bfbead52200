"""The start of all domains with the host, and their end with it: what was to be done, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from xenia.model.domain import Definition
from xenia.model.start_order import LAST, Place, StartOrder


class RunKind(StrEnum):
    START = "host-start"
    STOP = "host-stop"


class RowState(StrEnum):
    WAITING = "waiting"
    STARTING = "starting"
    STARTED = "started"
    RAN = "runs already"
    HELD = "held back"
    """Something that it waits for does not run."""
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"
    SUSPENDED = "suspended"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class HostRow:
    """One domain. `detail` says more about its `state`, which it has since `at` (seconds since the epoch).

    `definition` and `paused` are what it is started with; `text` in the place of its file where that is not to be read:
    there is none, or whoever has named it may not read what xend may. `trusted` is as in `Started`. `ran`: it did when
    the host was stopped, with this `uuid`.
    """

    domain: str
    state: RowState
    at: float
    detail: str = ""
    number: int = LAST
    order: StartOrder = field(default_factory=StartOrder)
    definition: Definition = field(default_factory=Definition)
    text: str = ""
    paused: bool = False
    trusted: bool = True
    ran: bool = False
    uuid: str = ""

    @property
    def place(self) -> Place:
        return Place(self.domain, self.number, self.order.after)


@dataclass(frozen=True, slots=True)
class HostRun:
    """`boot` names the boot of the host; `rows` are in the order in which they are started. `notes` are what is to be
    said of it as a whole. A stop has a `deadline`, after which it asks nobody any more.
    """

    kind: RunKind
    boot: str
    began_at: float
    rows: tuple[HostRow, ...] = ()
    notes: tuple[str, ...] = ()
    ended_at: float | None = None
    deadline: float | None = None

    def with_row(self, row: HostRow) -> HostRun:
        """The same with `row` in the place of that of its domain, or at the end."""
        if any(each.domain == row.domain for each in self.rows):
            return replace(self, rows=tuple(row if each.domain == row.domain else each for each in self.rows))
        return replace(self, rows=(*self.rows, row))

    def row(self, domain: str) -> HostRow | None:
        return next((each for each in self.rows if each.domain == domain), None)
