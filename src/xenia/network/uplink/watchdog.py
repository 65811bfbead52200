"""The process that changes the host's bridge: it outlives xend, and puts all back where the host would be cut off.

xend starts it with one task and reads one line of JSON from it, which says how it went so far. When a card is taken
that somebody has to confirm, it stays until it is told so (SIGUSR1), told to give up (SIGUSR2), or the time is over. It
holds the lock of the record as long as it lives. What it was about to do is written down before; when it is killed
itself, the next one finds it there.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from xenia.lib.codec import from_plain
from xenia.model.errors import XeniaError, conflict, engine_failed
from xenia.network.interface import check_free
from xenia.network.rtnetlink import Rtnetlink
from xenia.network.uplink import interface_settings
from xenia.network.uplink import link as interfaces
from xenia.network.uplink.card import card_for
from xenia.network.uplink.gateway import reached
from xenia.network.uplink.link import Link
from xenia.network.uplink.move import give_back, make_bridge, now, take
from xenia.network.uplink.owner import owner_of
from xenia.network.uplink.place import forget_spare_routes
from xenia.network.uplink.record import BEING_MADE, Phase, Place, Record, bare
from xenia.network.uplink.state import by_nexthop_object, default_gateways, ipv4_address, read

CONFIRM, GIVE_UP = signal.SIGUSR1, signal.SIGUSR2
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_BEFORE_SECONDS, _AFTER_SECONDS = 1.0, 8.0
_SETTLE_SECONDS = 10.0
_LOOK_SECONDS = 0.25
_LOCK_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Task:
    """`card` is to be taken under `bridge`; "" gives back what is taken, and nothing more, `why` being what is told of
    it. `seconds` are those in which somebody has to confirm; with `keep` the bridge stays where a card has left it.
    """

    root: str
    boot: str
    bridge: str
    card: str = ""
    seconds: float = 120.0
    keep: bool = False
    why: str = ""


Report = Callable[[dict[str, Any]], None]


def main(words: Sequence[str]) -> int:
    """Do the task that the first word is (JSON). Says how it went on stdout."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {CONFIRM, GIVE_UP, *_ENDING})
    task = from_plain(Task, json.loads(words[0]))
    with Rtnetlink() as kernel:
        watchdog = Watchdog(kernel, Place(Path(task.root)), task, _report)
        try:
            with _locked(watchdog.place):
                watchdog.run()
        except XeniaError as error:
            _report({"problem": {"kind": error.kind.value, "message": error.message, "hint": error.hint}})
        watchdog.settle()
    return 0


def _report(answer: dict[str, Any]) -> None:
    """The one line that xend waits for; whether it still does is no matter."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(answer).encode() + b"\n")


@contextlib.contextmanager
def _locked(place: Place) -> Iterator[None]:
    place.lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Whoever only looks has it for a moment."""
    for _ in range(_LOCK_ATTEMPTS):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.02)
    raise conflict("the host's bridge is being changed just now", "xm network bridge tells how far it is")


class Watchdog:
    """One task, with what is needed for it."""

    def __init__(self, kernel: Rtnetlink, place: Place, task: Task, report: Report) -> None:
        self.place = place
        self._kernel = kernel
        self._task = task
        self._report = report
        self._placed: tuple[Record, str] | None = None
        """What was put somewhere last, and the interface that has it."""

    def run(self) -> None:
        """Raises XeniaError for what was not done; the host is as it was then."""
        task = self._task
        record = self.place.read(task.boot)
        if task.card:
            self._card()
        if record is not None and record.phase is not Phase.BARE:
            record = self._return(record, task.why)
        if not task.card:
            self._report({"phase": Phase.BARE.value})
        elif record is not None and record.bridge == task.bridge:
            self._take(record)
        else:
            self._take(Record(task.boot, task.bridge, Phase.BARE))

    def settle(self) -> None:
        """Stay until the kernel has learnt from the routers what it is to learn again: some seconds at most."""
        if self._placed is None:
            return
        record, name = self._placed
        end = time.monotonic() + _SETTLE_SECONDS
        while (target := interfaces.find(self._kernel, name)) is not None and time.monotonic() < end:
            if forget_spare_routes(self._kernel, record.state, record.source, target):
                return
            time.sleep(_LOOK_SECONDS)

    def _return(self, record: Record, why: str = "") -> Record:
        """Give back the card of the record, from wherever the last one had come to; the record as it is then."""
        if record.phase is Phase.TAKEN:
            bridge = interfaces.find(self._kernel, record.bridge)
            if bridge is not None and record.made(bridge):
                state = read(self._kernel, bridge, interface_settings.read_kept(bridge.name))
                record = replace(record, phase=Phase.RETURNING, state=state, at=now())
                self.place.write(record)
        self._placed = (record, record.card)
        keep = self._task.keep and self._task.bridge == record.bridge
        try:
            kept = give_back(self._kernel, record, keep=keep)
        except OSError as error:
            raise engine_failed(
                f"cannot give '{record.card}' back what the bridge '{record.bridge}' has of it: {error.strerror}",
                f"all of it is written down in {self.place.record}; start xend again to have it try once more",
            ) from error
        record = replace(bare(record, returned=why), bridge_index=kept)
        self.place.write(record)
        return record

    def _take(self, before: Record) -> None:
        card = self._card()
        state = read(self._kernel, card, interface_settings.read_kept(card.name))
        if by_nexthop_object(state):
            raise conflict(
                f"routes of '{card.name}' use nexthop objects, which xend does not move",
                "say the routes with 'via' and 'dev' instead, or make the bridge yourself: xend uses it",
            )
        if not before.bridge_index:
            check_free(before.bridge)
        gateways, source = default_gateways(state), ipv4_address(state)
        seen = reached(card, gateways, source, _BEFORE_SECONDS) if gateways else frozenset[bytes]()
        record = replace(
            Record(
                before.boot, before.bridge, Phase.MOVING, before.bridge_index or BEING_MADE, confirmed=before.confirmed
            ),
            card=card.name,
            mac=card.mac,
            card_index=card.index,
            was_up=card.up,
            altname=_altname(card),
            state=state,
            at=now(),
        )
        record, bridge = self._move(record, card)
        missing = seen - reached(bridge, seen, source, _AFTER_SECONDS)
        if missing:
            names = ", ".join(sorted(str(ip_address(each)) for each in missing))
            self._return(record, f"the gateway {names} was not reached any more")
            raise engine_failed(
                f"the gateway {names} is not reached through the bridge '{record.bridge}': '{card.name}' has all back",
                "look whether something between the card and the gateway takes its frames from one port only",
            )
        if not state.speaks or record.confirmed == record.who:
            self._taken(record)
        else:
            self._wait(record)

    def _card(self) -> Link:
        there = interfaces.links(self._kernel)
        card = card_for(self._task.card, self._task.bridge, there)
        owner = owner_of(card)
        if owner is not None:
            raise owner.refusal(card.name, self._task.bridge)
        return card

    def _move(self, record: Record, card: Link) -> tuple[Record, Link]:
        self.place.write(record)
        try:
            bridge = make_bridge(self._kernel, record.bridge, card)
            record = replace(record, bridge_index=bridge.index)
            self.place.write(record)
            take(self._kernel, record, card, bridge)
        except OSError as error:
            self._return(record, f"it could not be taken: {error.strerror}")
            raise engine_failed(f"cannot take '{card.name}' under '{record.bridge}': {error.strerror}") from error
        self._placed = (record, bridge.name)
        return record, bridge

    def _taken(self, record: Record) -> None:
        self.place.write(replace(record, phase=Phase.TAKEN))
        self._report({"phase": Phase.TAKEN.value})

    def _wait(self, record: Record) -> None:
        """Until somebody confirms, or tells to give up, or the time is over."""
        record = replace(record, phase=Phase.WAITING, deadline=now() + self._task.seconds)
        self.place.write(record)
        self._report({"phase": record.phase.value, "seconds": self._task.seconds})
        self.settle()
        told = signal.sigtimedwait({CONFIRM, GIVE_UP}, max(0.0, record.deadline - now()))
        if told is None:
            self._return(record, f"nobody confirmed it within {self._task.seconds:g} seconds")
        elif told.si_signo == CONFIRM:
            self.place.write(replace(record, phase=Phase.TAKEN, confirmed=record.who))
        else:
            self._return(record, "somebody took it back")


def _altname(card: Link) -> str:
    """What the card was called under a bridge of xend's of old, if it is not called so."""
    name = f"p{card.name}"
    return "" if name in card.altnames else name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
