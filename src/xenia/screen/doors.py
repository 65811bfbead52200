"""Which guests have a door to their screen, where, and who opens the screen behind it: xend's part of it.

A door is open as long as its guest runs and xend does; a new xend opens it at the same place. The relay decides who
comes in: a process without rights, which has the passwords and the key of the certificate, and gets no more of a guest
than its screen.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import json
import logging
import os
import secrets
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

from xenia.lib.aio import Tasks
from xenia.lib.replace import replace_file
from xenia.model.display import VncRules
from xenia.model.errors import XeniaError
from xenia.model.event import Event, EventKind
from xenia.screen import process
from xenia.screen.channel import Channel
from xenia.screen.relay import MOST_VIEWERS
from xenia.screen.wish import Wish, numbers_of

log = logging.getLogger(__name__)

_FIRST_PORT, _LAST_PORT = 5900, 65535
_BACKLOG = 16
_AGAIN = 5.0
"""Seconds until a relay that has died is started anew."""

_OWN = frozenset({EventKind.VNC_OPENED, EventKind.VNC_REFUSED, EventKind.RDP_OPENED, EventKind.RDP_REFUSED})

_LOOPBACK = "127.0.0.1"

Address = IPv4Address | IPv6Address
Listen = Callable[[], AbstractContextManager[AsyncIterator[Event]]]
Bind = Callable[[Wish, Address, str], tuple[socket.socket, str]]
"""Listens for a guest, at an address or at the place where it was before if that can be; the socket and the place."""


@dataclass(slots=True)
class _Door:
    place: str
    listener: socket.socket
    password: str
    tls: bool


@dataclass(frozen=True, slots=True)
class OwnDoor:
    """One that is open for a single viewer, at `port` of 127.0.0.1, to who has the `password`."""

    port: int
    password: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a new xend has to know of a door."""

    place: str
    tls: bool


class ScreenDoors:
    """`wish_of` tells what a guest wishes by its UUID, None for one that has no door or does not run; `open_screen`
    opens one; `told` hears where a door is (`address:display`), or "" when it is closed, and `refused` why there is
    none; `certificate` gives the files of a certificate and its key. `kept` is the file in which it is kept where they
    are, and which have TLS; None for doors that a new xend opens anywhere.

    `bind` chooses the place of a door. `what` is what viewers speak, for the log. Where `by_door`, all viewers come
    through a program of this host: wrong passwords count for the door then, not for an address.
    """

    def __init__(
        self,
        wish_of: Callable[[str], Wish | None],
        open_screen: Callable[[str], Awaitable[socket.socket]],
        told: Callable[[str, str], None],
        refused: Callable[[str, str], None],
        certificate: Callable[[], tuple[Path, Path]],
        *,
        uid: int | None,
        kept: Path | None,
        rules: VncRules,
        bind: Bind | None = None,
        what: str = "VNC",
        by_door: bool = False,
    ) -> None:
        self._wish_of = wish_of
        self._open_screen = open_screen
        self._told = told
        self._refused = refused
        self._certificate = certificate
        self._uid = uid
        self._kept = kept
        self._rules = rules
        self._doors: dict[str, _Door] = {}
        self._own: dict[str, tuple[str, _Door]] = {}
        """Those of single viewers, by names that are no UUIDs, each with the UUID of its guest."""
        self._numbers = itertools.count(1)
        self._channel: Channel | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._with_tls = False
        self._answering = 0
        self._failures: dict[str, str] = {}
        self._bind = bind or listen_at_display
        self._what = what
        self._by_door = by_door
        self._places = _read(kept) if kept is not None else {}
        self._tasks = Tasks()

    def start(self, listen: Listen, running: Callable[[], Awaitable[Iterable[str]]]) -> None:
        """Keep up with what runs: `running` gives the UUIDs of all guests now, `listen` what happens from then on."""
        self._tasks.start(self._keep_up(listen, running), name="doors to screens")

    def configure(self, rules: VncRules) -> None:
        """For the doors that are opened from now on."""
        self._rules = rules

    async def close(self) -> None:
        """Close all doors; their places stay kept."""
        await self._tasks.close()
        for door in (*self._doors.values(), *(door for _, door in self._own.values())):
            door.listener.close()
        self._doors.clear()
        self._own.clear()
        self._end_process()

    @contextmanager
    def own(self, uuid: str) -> Iterator[OwnDoor]:
        """A door to the screen of a guest beside its other one, with a password that is made for it; it is closed with
        the context, and with the guest. Raises OSError, and XeniaError where the relay does not start.
        """
        self._ensure_process(tls=False)
        listener = socket.create_server((_LOOPBACK, 0), backlog=1)
        password = secrets.token_urlsafe(6)  # eight characters: more of one does not count
        door, name = _Door("", listener, password, tls=False), f"{uuid} {next(self._numbers)}"
        self._own[name] = (uuid, door)
        self._hand_over(name, door)
        try:
            yield OwnDoor(listener.getsockname()[1], password)
        finally:
            self._shut_own(name)

    async def _keep_up(self, listen: Listen, running: Callable[[], Awaitable[Iterable[str]]]) -> None:
        while True:
            with listen() as events:
                for uuid in {*await running(), *self._doors}:
                    self._look(uuid)
                self._places = {uuid: kept for uuid, kept in self._places.items() if self._wish_of(uuid) is not None}
                async for event in events:
                    if event.uuid and event.kind not in _OWN:
                        self._look(event.uuid)
            await asyncio.sleep(1)  # ended for being too slow: look anew at what runs

    def _look(self, uuid: str) -> None:
        wish, door = self._wish_of(uuid), self._doors.get(uuid)
        if wish is None:
            self._failures.pop(uuid, None)
            for name in [name for name, (guest, _) in self._own.items() if guest == uuid]:
                self._shut_own(name)
            if door is not None:
                self._shut(uuid, door)
        elif door is None:
            try:
                self._open(uuid, wish)
            except (XeniaError, OSError) as error:
                self._fail(uuid, wish, error.message if isinstance(error, XeniaError) else error.strerror or str(error))
            else:
                self._failures.pop(uuid, None)

    def _fail(self, uuid: str, wish: Wish, why: str) -> None:
        """It is tried again when something happens to the guest, and told again when it is for another reason."""
        if self._failures.get(uuid) != why:
            self._failures[uuid] = why
            log.error("%s of domain %s is not open: %s", self._what, wish.name, why)
            self._refused(uuid, why)

    def _open(self, uuid: str, wish: Wish) -> None:
        """A guest that was started with TLS keeps it, whatever the settings say now."""
        rules, kept = self._rules, self._places.get(uuid)
        tls, password = rules.tls or (kept is not None and kept.tls), rules.password_of(wish.display)
        address = parsed(rules.listen_of(wish.display))
        if not (tls or password or address.is_loopback):
            raise OSError(
                errno.EACCES,
                f"it has neither a password nor TLS any more, and {address} can be reached from elsewhere: "
                "it is open again when the guest has been started anew",
            )
        self._ensure_process(tls=tls)
        listener, place = self._bind(wish, address, kept.place if kept is not None else "")
        door = self._doors[uuid] = _Door(place, listener, password, tls)
        self._hand_over(uuid, door)
        self._places[uuid] = _Kept(place, tls)
        self._keep()
        self._told(uuid, place)

    def _shut(self, uuid: str, door: _Door) -> None:
        del self._doors[uuid]
        self._take_back(uuid, door)
        self._places.pop(uuid, None)
        self._keep()
        self._told(uuid, "")

    def _shut_own(self, name: str) -> None:
        _, door = self._own.pop(name, (None, None))
        if door is not None:
            self._take_back(name, door)

    def _take_back(self, name: str, door: _Door) -> None:
        if self._channel is not None:
            self._channel.send({"close": name})
        with suppress(OSError):
            door.listener.shutdown(socket.SHUT_RDWR)  # the relay has it still, and its display is free at once
        door.listener.close()

    def _keep(self) -> None:
        if self._kept is None:
            return
        try:
            told = {uuid: {"place": kept.place, "tls": kept.tls} for uuid, kept in self._places.items()}
            replace_file(self._kept, json.dumps(told).encode(), mode=0o600)
        except OSError as error:
            log.warning("where VNC listens is not kept: %s", error)

    def _hand_over(self, name: str, door: _Door) -> None:
        if self._channel is not None:
            message = {"open": name, "password": door.password, "tls": door.tls, "by_door": self._by_door}
            self._channel.send(message, door.listener.fileno())

    def _ensure_process(self, *, tls: bool) -> None:
        """One that has no certificate is replaced when the first door needs it."""
        if self._channel is not None and (self._with_tls or not tls):
            return
        certificate = self._certificate() if tls else None
        self._end_process()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._process = process.start(theirs, self._uid, certificate)
        except BaseException:
            ours.close()
            raise
        self._with_tls = tls
        self._channel = Channel(ours, self._hear, self._lost)
        for name, door in (*self._doors.items(), *((name, door) for name, (_, door) in self._own.items())):
            self._hand_over(name, door)

    def _end_process(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _lost(self) -> None:
        log.error("the relay of %s has ended; it is started again in %g s", self._what, _AGAIN)
        self._channel = None
        self._tasks.start(self._again(), name=f"another relay of {self._what}")

    async def _again(self) -> None:
        await asyncio.sleep(_AGAIN)
        try:
            self._ensure_process(tls=self._with_tls)
        except (XeniaError, OSError) as error:
            log.error("VNC is not open: %s", error)

    def _hear(self, message: dict[str, Any], descriptor: int | None) -> None:
        if descriptor is not None:
            os.close(descriptor)  # it has none to give
        if "said" in message:
            log.info("%s: %.300s", self._what, message["said"])
        elif "wanted" in message and self._answering < MOST_VIEWERS:
            self._answering += 1
            self._tasks.start(self._answer(message["wanted"], str(message.get("uuid"))), name="a screen for a viewer")

    async def _answer(self, number: object, uuid: str) -> None:
        channel = self._channel
        try:
            if channel is not None:
                await self._give(channel, number, uuid)
        finally:
            self._answering -= 1

    async def _give(self, channel: Channel, number: object, name: str) -> None:
        """Only what has a door is opened, whatever the relay asks for."""
        uuid = self._own[name][0] if name in self._own else name
        try:
            if name not in self._own and name not in self._doors:
                raise OSError(errno.ENOENT, "it has no door")
            with await self._open_screen(uuid) as screen:
                channel.send({"screen": number}, screen.fileno())
        except (XeniaError, OSError) as error:
            channel.send({"refused": number, "why": str(error)})


def listen_at_display(wish: Wish, address: Address, before: str) -> tuple[socket.socket, str]:
    """At the first display that may be taken; at the place `before`, if it can be there. Raises OSError."""
    family, host = (socket.AF_INET6, f"[{address}]") if address.version == 6 else (socket.AF_INET, str(address))
    numbers = [*numbers_of(wish)]
    for number in numbers:
        if before == f"{host}:{number}":
            numbers.insert(0, number)
            break
    for number in numbers:
        if _FIRST_PORT + number > _LAST_PORT:
            raise OSError(errno.EINVAL, f"there is no display {number}: the last one is {_LAST_PORT - _FIRST_PORT}")
        listener = socket.socket(family)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((str(address), _FIRST_PORT + number))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE:
                continue
            raise OSError(error.errno, f"nobody can listen at {host}: {os.strerror(error.errno or 0)}") from error
        return listener, f"{host}:{number}"
    said = f"display {numbers[0]} is taken" if len(numbers) == 1 else "no display is free"
    raise OSError(errno.EADDRINUSE, f"{said} at {host}")


def parsed(address: str) -> Address:
    """Names are not asked for: that takes as long as a server elsewhere likes."""
    try:
        return ip_address("127.0.0.1" if address == "localhost" else address)
    except ValueError:
        raise OSError(errno.EINVAL, f"'{address}' is no IP address") from None


def _read(kept: Path) -> dict[str, _Kept]:
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        told = json.loads(kept.read_text())
        return {uuid: _Kept(str(each["place"]), bool(each["tls"])) for uuid, each in told.items()}
    return {}
