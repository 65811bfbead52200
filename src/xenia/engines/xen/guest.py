"""One domain, as the engine knows it from the last look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xenia.engines.base import ConsoleKind, Observed
from xenia.engines.xen.hypervisor import DomainInfo
from xenia.model.domain import EndReason, Kind, Started, State

ENDED = frozenset({State.SHUTDOWN, State.CRASHED})


@dataclass(slots=True)
class Guest:
    """`found` is what is known of one that somebody else has started. Disks, cards and media as in Observed."""

    uuid: str
    domid: int
    name: str
    kind: Kind
    state: State
    end: EndReason | None = None
    found: Started | None = None
    consoles: Mapping[ConsoleKind, Path] = field(default_factory=dict)
    vnc: str | None = None
    vifs: tuple[str, ...] = ()
    disks: frozenset[str] | None = None
    cards: frozenset[int] | None = None
    media: Mapping[str, bool] | None = None
    drives: Mapping[str, str] = field(default_factory=dict)
    """What the drives whose medium can be changed are to its QEMU, by target."""

    @property
    def observed(self) -> Observed:
        return Observed(
            self.uuid,
            self.state,
            self.end,
            self.consoles,
            self.vnc,
            self.vifs,
            self.domid,
            self.disks,
            self.cards,
            self.media,
        )

    def look(self, info: DomainInfo) -> bool:
        """Take over what the hypervisor sees; whether that is news. Running and waiting for work alternate too quickly
        to be news.
        """
        before, self.state, self.end = self.state, info.state, info.end
        return _coarse(before) is not _coarse(self.state)


def _coarse(state: State) -> State:
    return State.RUNNING if state is State.BLOCKED else state
