"""What is to be done next for the host's bridge to be as it is wanted; nothing is read or changed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from xenia.model.bridge import BridgeState, BridgeWish, HostBridge
from xenia.network.uplink.link import Link
from xenia.network.uplink.record import Phase, Record

_CUT_OFF = "what watched over it was killed before anybody had confirmed"


class Step(Enum):
    NOTHING = auto()
    MAKE = auto()
    """Make the bridge, without a card."""
    REMOVE = auto()
    """Remove a bridge of ours that nothing uses."""
    TAKE = auto()
    """Take the card, after giving back what is taken."""
    GIVE_BACK = auto()


@dataclass(frozen=True, slots=True)
class Seen:
    """The host: what is written down, which interfaces there are, and whether a watchdog is at work (`busy`)."""

    record: Record | None
    links: Sequence[Link]
    busy: bool = False

    def named(self, name: str) -> Link | None:
        return next((link for link in self.links if link.name == name), None)

    def bridge(self, name: str) -> Link | None:
        found = self.named(name)
        return found if found is not None and found.kind in ("bridge", "openvswitch") else None

    @property
    def ours(self) -> Link | None:
        """The bridge that we have made."""
        if self.record is None:
            return None
        found = self.named(self.record.bridge)
        return found if self.record.made(found) else None

    def ports(self, bridge: Link) -> list[Link]:
        return [link for link in self.links if link.master == bridge.index]

    def in_place(self, record: Record) -> bool:
        """Whether the card of the record is the port that it is to be."""
        card, ours = self.named(record.card), self.ours
        return ours is not None and card is not None and (card.mac, card.master) == (record.mac, ours.index)


@dataclass(frozen=True, slots=True)
class Next:
    """`why` is what is told of a card that is given back, or of one that is not taken."""

    step: Step
    why: str = ""


def next_step(wish: BridgeWish, seen: Seen, *, asked: bool) -> Next:
    """While no watchdog is at work. `asked`: somebody wants it now, whatever came of it the last time."""
    record = seen.record
    if record is not None and record.phase is not Phase.BARE:
        return _with_card(wish, seen, record)
    if seen.ours is not None and (record is None or record.bridge != wish.name or not (wish.card or wish.keep)):
        return Next(Step.NOTHING if seen.ports(seen.ours) else Step.REMOVE)
    if not wish.card:
        return Next(Step.MAKE if wish.keep and seen.named(wish.name) is None else Step.NOTHING)
    card, bridge = seen.named(wish.card), seen.bridge(wish.name)
    if card is not None and bridge is not None and card.master == bridge.index:
        return Next(Step.NOTHING)
    if bridge is not None and bridge.kind == "openvswitch":
        return Next(Step.NOTHING, f"'{bridge.name}' is a bridge of Open vSwitch, which is used as it is")
    if record is not None and record.returned and record.card == wish.card and not asked:
        return Next(Step.NOTHING, record.returned)
    return Next(Step.TAKE)


def _with_card(wish: BridgeWish, seen: Seen, record: Record) -> Next:
    wanted = (record.card, record.bridge) == (wish.card, wish.name)
    if not wish.card:
        return Next(Step.GIVE_BACK)
    if record.phase is Phase.TAKEN:
        return Next(Step.NOTHING if wanted and seen.in_place(record) else Step.TAKE)
    if record.phase is not Phase.RETURNING and wanted and record.confirmed != record.who:
        return Next(Step.GIVE_BACK, _CUT_OFF)
    return Next(Step.TAKE)


def is_harmed(wish: BridgeWish, seen: Seen) -> bool:
    """Whether the bridge was brought about as it is wanted, and is not so any more. A card that has gone is no harm."""
    record = seen.record
    if record is None or (record.bridge, record.card if wish.card else "") != (wish.name, wish.card):
        return False
    if record.phase is Phase.TAKEN:
        return bool(wish.card) and seen.named(record.card) is not None and not seen.in_place(record)
    return record.phase is Phase.BARE and wish.keep and not wish.card and seen.named(wish.name) is None


def told(wish: BridgeWish, seen: Seen, now: float, message: str = "") -> HostBridge:
    """How it is with the bridge, for people. `now` is the time of the boot's clock."""
    record, bridge = seen.record, seen.bridge(wish.name)
    if record is not None and record.phase is not Phase.BARE:
        state, seconds = BridgeState.MOVING, None
        if record.phase is Phase.TAKEN:
            state = BridgeState.TAKEN
        elif record.phase is Phase.WAITING and seen.busy:
            state, seconds = BridgeState.WAITING, max(0.0, round(record.deadline - now, 1))
        return HostBridge(record.bridge, state, wish.interface, record.card, seconds, message)
    if bridge is None:
        return HostBridge(wish.name, BridgeState.NONE, wish.interface, message=message)
    if seen.ours is not None:
        return HostBridge(wish.name, BridgeState.BARE, wish.interface, message=message)
    card = seen.named(wish.card)
    has = card.name if card is not None and card.master == bridge.index else ""
    return HostBridge(wish.name, BridgeState.OTHERS, wish.interface, has, message=message)
