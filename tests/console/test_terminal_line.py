"""A console that is a terminal of the host's, which others may read too: it is read only while somebody watches."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.console.conftest import UUID

from xenia.console import hub
from xenia.console.hub import ConsoleHub
from xenia.console.watcher import Ending, Watcher
from xenia.model.errors import XeniaError, not_found
from xenia.model.event import Event, EventKind


class Terminal:
    """A console as xenconsoled makes it: the guest's end is the master."""

    def __init__(self) -> None:
        self.guest, self.reader = os.openpty()
        self.path = Path(os.ttyname(self.reader))
        """`reader` is another program's, and keeps the terminal there while nobody watches."""
        os.set_blocking(self.reader, False)

    @property
    def open_here(self) -> int:
        """How often this process has it open, but for `reader`."""
        links = [Path("/proc/self/fd", each) for each in os.listdir("/proc/self/fd")]
        return sum(link.is_symlink() and link.readlink() == self.path for link in links) - 1

    def say(self, data: bytes) -> None:
        os.write(self.guest, data)

    async def heard(self, data: bytes) -> None:
        """The guest reads `data` next."""
        got = b""
        os.set_blocking(self.guest, False)
        async with asyncio.timeout(5):
            while len(got) < len(data):
                with suppress(BlockingIOError):
                    got += os.read(self.guest, len(data) - len(got))
                await asyncio.sleep(0)
        assert got == data

    def end(self) -> None:
        for descriptor in (self.guest, self.reader):
            with suppress(OSError):
                os.close(descriptor)


class Guest:
    def __init__(self) -> None:
        self.terminals = {"pv": Terminal()}
        self.hub = ConsoleHub(self.sockets, lambda _uuid, _kind: None)
        self.gone = False

    def sockets(self, uuid: str) -> Mapping[str, Path]:
        if self.gone:
            raise not_found("there is no such domain")
        return {kind: terminal.path for kind, terminal in self.terminals.items()} if uuid == UUID else {}


@pytest.fixture
async def guest(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Guest]:
    monkeypatch.setattr(hub, "_FAREWELL", 0.01)
    guest = Guest()
    yield guest
    await guest.hub.close()
    for terminal in guest.terminals.values():
        terminal.end()


async def shows(watcher: Watcher, expected: bytes) -> None:
    seen = b""
    async with asyncio.timeout(5):
        while len(seen) < len(expected):
            data = await watcher.read()
            assert data is not None, f"ended ({watcher.ending}) after {seen!r}"
            seen += data
    assert seen == expected


async def test_while_nobody_watches_another_reader_gets_all(guest: Guest) -> None:
    terminal = guest.terminals["pv"]
    await guest.hub.follow(UUID)
    assert terminal.open_here == 0
    terminal.say(b"for xl console\n")
    await asyncio.sleep(0)
    assert os.read(terminal.reader, 100) == b"for xl console\n"


async def test_the_first_watcher_opens_it_and_the_last_closes_it(guest: Guest) -> None:
    terminal = guest.terminals["pv"]
    first = await guest.hub.watch(UUID)
    second = await guest.hub.watch(UUID, "pv")
    assert terminal.open_here == 1
    terminal.say(b"login: ")
    await shows(first, b"login: ")
    await shows(second, b"login: ")
    first.close()
    terminal.say(b"more")
    await shows(second, b"more")
    second.close()
    assert terminal.open_here == 0
    terminal.say(b"for another")
    assert os.read(terminal.reader, 100) == b"for another"


async def test_what_is_typed_arrives_as_it_is(guest: Guest) -> None:
    watcher = await guest.hub.watch(UUID)
    await watcher.write(b"root\r\x03\xff\n")
    await guest.terminals["pv"].heard(b"root\r\x03\xff\n")


async def test_the_end_of_the_guest_ends_its_watchers(guest: Guest) -> None:
    watcher = await guest.hub.watch(UUID)
    guest.terminals["pv"].say(b"Power down.")
    await shows(watcher, b"Power down.")
    os.close(guest.terminals["pv"].guest)
    async with asyncio.timeout(5):
        assert await watcher.read() is None
    assert watcher.ending is Ending.GONE


async def test_who_comes_as_the_last_one_leaves_sees_all(guest: Guest) -> None:
    first = await guest.hub.watch(UUID)
    first.close()
    second = await guest.hub.watch(UUID)
    await asyncio.sleep(0)
    guest.terminals["pv"].say(b"here")
    await shows(second, b"here")
    second.close()
    second.close()
    assert guest.terminals["pv"].open_here == 0


async def test_each_watch_begins_anew(guest: Guest) -> None:
    first = await guest.hub.watch(UUID)
    guest.terminals["pv"].say(b"old\n")
    await shows(first, b"old\n")
    first.close()
    await asyncio.sleep(0)
    second = await guest.hub.watch(UUID, replay=1000)
    guest.terminals["pv"].say(b"new\n")
    await shows(second, b"new\n")


async def test_a_terminal_that_is_gone_is_no_console(guest: Guest) -> None:
    guest.terminals["pv"].end()
    with pytest.raises(XeniaError, match="no text console"):
        await guest.hub.watch(UUID)


async def test_of_two_consoles_both_are_let_go(guest: Guest) -> None:
    guest.terminals["serial"] = Terminal()
    watcher = await guest.hub.watch(UUID)
    guest.terminals["serial"].say(b"firmware")
    await shows(watcher, b"firmware")
    watcher.close()
    assert [terminal.open_here for terminal in guest.terminals.values()] == [0, 0]


def happens(kind: EventKind) -> Event:
    return Event(1, 0.0, kind, "guest", UUID, 2)


class Bus:
    """Events as they are put, to each who listens."""

    def __init__(self) -> None:
        self.listeners: list[asyncio.Queue[Event]] = []

    @contextmanager
    def listen(self) -> Iterator[AsyncIterator[Event]]:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self.listeners.append(queue)
        yield self._events(queue)
        self.listeners.remove(queue)

    async def _events(self, queue: asyncio.Queue[Event]) -> AsyncIterator[Event]:
        while True:
            yield await queue.get()

    async def put(self, kind: EventKind, listeners: int) -> None:
        """Once so many listen."""
        async with asyncio.timeout(5):
            while len(self.listeners) < listeners:  # noqa: ASYNC110
                await asyncio.sleep(0)
        for queue in self.listeners:
            queue.put_nowait(happens(kind))


@pytest.fixture
async def bus(guest: Guest) -> Bus:
    async def running() -> list[str]:
        return [UUID]

    bus = Bus()
    guest.hub.start(bus.listen, running)
    return bus


async def test_who_watches_stays_connected_when_the_guest_reboots_and_gets_another_terminal(
    guest: Guest, bus: Bus
) -> None:
    watcher = await guest.hub.watch(UUID)
    old = guest.terminals["pv"]
    old.say(b"Restarting system.")
    await shows(watcher, b"Restarting system.")
    os.close(old.guest)
    guest.terminals["pv"] = Terminal()
    await bus.put(EventKind.REBOOTED, listeners=2)
    async with asyncio.timeout(5):
        while not guest.terminals["pv"].open_here:  # noqa: ASYNC110
            await asyncio.sleep(0)
    guest.terminals["pv"].say(b"Linux version 6.1")
    await shows(watcher, b"Linux version 6.1")
    await watcher.write(b"root\n")
    await guest.terminals["pv"].heard(b"root\n")
    os.close(old.reader)


async def test_a_guest_that_does_not_come_back_ends_its_watchers(guest: Guest, bus: Bus) -> None:
    watcher = await guest.hub.watch(UUID)
    os.close(guest.terminals["pv"].guest)
    guest.gone = True
    await bus.put(EventKind.ENDED, listeners=1)
    async with asyncio.timeout(5):
        assert await watcher.read() is None
    assert watcher.ending is Ending.GONE
