"""One domain, as the engine knows it from the last look."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xenia.engines.base import ConsoleKind, Observed
from xenia.engines.xen.device_model import DIED, DeviceModel
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
    why: str = ""
    found: Started | None = None
    model: DeviceModel | None = None
    consoles: Mapping[ConsoleKind, Path] = field(default_factory=dict)
    vnc: str | None = None
    has_screen: bool = False
    vifs: tuple[str, ...] = ()
    usb: frozenset[str] | None = None
    pci: frozenset[str] | None = None
    disks: frozenset[str] | None = None
    cards: frozenset[int] | None = None
    media: Mapping[str, bool] | None = None
    drives: Mapping[str, str] = field(default_factory=dict)
    """What the drives whose medium can be changed are to its QEMU, by target."""
    lost_model: bool = False
    runs_on_until: float = 0.0
    """By time.monotonic: until then it goes on at once when it suspends itself, for its save was given up."""

    @property
    def observed(self) -> Observed:
        return Observed(
            self.uuid,
            self.state,
            self.end,
            self.why,
            self.consoles,
            self.vnc,
            self.vifs,
            self.domid,
            self.disks,
            self.cards,
            self.media,
            self.usb,
            self.pci,
        )

    def look(self, info: DomainInfo) -> bool:
        """Take over what the hypervisor sees; whether that is news. Running and waiting for work alternate too quickly
        to be news. A guest that has lost its device model has crashed, whatever the hypervisor sees.
        """
        if self.lost_model:
            return False
        before, self.state, self.end, self.why = self.state, info.state, info.end, info.why
        return _coarse(before) is not _coarse(self.state)

    def run_on_for(self, seconds: float) -> None:
        """A save of it was given up, which it may have heard of already."""
        self.runs_on_until = time.monotonic() + seconds

    @property
    def runs_on(self) -> bool:
        """Whether it is to go on if it is seen suspended."""
        return time.monotonic() < self.runs_on_until

    def become(self, kept: Started) -> None:
        """Be another domain, which has no devices any more."""
        self.uuid, self.name, self.vnc, self.vifs = kept.uuid, kept.config.name, None, ()
        self.disks, self.cards, self.media, self.drives = frozenset(), frozenset(), {}, {}

    def lose_model(self) -> None:
        """Its device model has died."""
        self.lost_model = True
        self.state, self.end, self.why = State.CRASHED, EndReason.CRASH, DIED.format(name=self.name)

    def close(self) -> None:
        """Stop watching over its device model."""
        if self.model is not None:
            self.model.close()


def _coarse(state: State) -> State:
    return State.RUNNING if state is State.BLOCKED else state
