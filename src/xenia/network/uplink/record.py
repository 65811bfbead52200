"""What is written down of the host's bridge before anything is changed, so that whoever comes later can undo it.

`var/lib/xenia/bridge.json` below the root of xend. A record of an earlier boot says only what was wanted and confirmed
then: the network of the host begins anew with each boot.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from xenia.lib.codec import from_plain, to_plain
from xenia.lib.files import replace_file
from xenia.model.errors import unavailable
from xenia.network.uplink.link import Link
from xenia.network.uplink.state import End, State


class Phase(StrEnum):
    BARE = "bare"
    """The bridge is ours and has no card of the host."""
    MOVING = "moving"
    """The card is being taken: what there is may be anything in between."""
    WAITING = "waiting"
    """The card is taken, and nobody has confirmed it yet."""
    TAKEN = "taken"
    RETURNING = "returning"
    """The card is being given back: anything in between."""


BEING_MADE = -1
_NOTHING = State()


@dataclass(frozen=True, slots=True)
class Record:
    """`bridge_index` is that of a bridge of ours, to be removed when nothing uses it; 0 where there is none, BEING_MADE
    from before it is made until its index is known: nothing else had its name then. `state` is
    what the card had at the time `at` (seconds of the boot's clock), or, while it is given back, what the bridge had;
    `was_up` whether it was switched on, `altname` the other name that it was given ("" for none). The card is named
    with its address (`mac`), for names move. Until `deadline` somebody may confirm.

    `confirmed` is the card (name and address) that somebody has confirmed with this bridge, or "": it may be taken
    again without being asked. `returned` says why the last card was given back unasked.
    """

    boot: str
    bridge: str
    phase: Phase
    bridge_index: int = 0
    card: str = ""
    mac: str = ""
    card_index: int = 0
    was_up: bool = True
    altname: str = ""
    state: State = _NOTHING
    at: float = 0.0
    deadline: float = 0.0
    confirmed: str = ""
    returned: str = ""

    @property
    def source(self) -> End:
        """Of whom the state is."""
        if self.phase is Phase.RETURNING:
            return End(self.bridge_index, self.bridge)
        return End(self.card_index, self.card)

    def made(self, link: Link | None) -> bool:
        """Whether it is the bridge that is ours."""
        if link is None or (link.name, link.kind) != (self.bridge, "bridge"):
            return False
        return self.bridge_index in (link.index, BEING_MADE)

    @property
    def who(self) -> str:
        """The card, as `confirmed` names it."""
        return f"{self.card} {self.mac}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the record and its lock are, below the root of a xend."""

    root: Path

    @property
    def record(self) -> Path:
        return self.root / "var/lib/xenia/bridge.json"

    @property
    def lock(self) -> Path:
        """Held by whoever changes the bridge."""
        return self.root / "run/xenia/bridge.lock"

    def read(self, boot: str) -> Record | None:
        """The record of this boot; of an earlier one only what outlives it. None where there is none.

        Raises unavailable for one that cannot be read: nobody may go on as if there were none.
        """
        try:
            found = from_plain(Record, json.loads(self.record.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise unavailable(
                f"what is written down of the host's bridge cannot be read: {self.record}: {error}",
                "look at the network of the host; when it is as it should be, remove the file and start xend again",
            ) from error
        if found.boot == boot:
            return found
        return Record(boot, found.bridge, Phase.BARE, confirmed=found.confirmed)

    def write(self, record: Record) -> None:
        """Durably. Raises OSError."""
        replace_file(self.record, json.dumps(to_plain(record), indent=1).encode(), durable=True)

    def forget(self) -> None:
        self.record.unlink(missing_ok=True)


def bare(record: Record, *, returned: str = "") -> Record:
    """The record once the card has been given back."""
    return replace(
        Record(record.boot, record.bridge, Phase.BARE, record.bridge_index),
        card=record.card if returned else "",
        mac=record.mac if returned else "",
        confirmed=record.confirmed,
        returned=returned,
    )
