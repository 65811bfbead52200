"""One reader for each console, many watchers, nobody waits for anybody."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.console.conftest import UUID, Guest

from xenia.console import line, log
from xenia.console.hub import ConsoleHub
from xenia.console.ring import RING
from xenia.console.watcher import Ending, Watcher
from xenia.model.errors import XeniaError
from xenia.model.event import Event, EventKind


async def shows(watcher: Watcher, expected: bytes) -> None:
    """The watcher reads `expected` next, in whatever pieces."""
    seen = b""
    async with asyncio.timeout(5):
        while len(seen) < len(expected):
            data = await watcher.read()
            assert data is not None, f"ended ({watcher.ending}) after {seen!r}"
            seen += data
    assert seen == expected


async def test_every_watcher_sees_what_the_guest_says(guest: Guest) -> None:
    guest.has("serial")
    one, two = await guest.hub.watch(UUID), await guest.hub.watch(UUID, "serial")
    await guest.connected("serial")
    guest.consoles["serial"].say(b"login: ")
    await shows(one, b"login: ")
    await shows(two, b"login: ")


async def test_every_watcher_may_type(guest: Guest) -> None:
    guest.has("serial")
    one, two = await guest.hub.watch(UUID), await guest.hub.watch(UUID)
    await one.write(b"ro")
    await guest.consoles["serial"].hears(b"ro")
    await two.write(b"ot\r")
    await guest.consoles["serial"].hears(b"root\r")


async def test_output_is_kept_while_nobody_watches(guest: Guest) -> None:
    guest.has("serial")
    await guest.hub.follow(UUID)
    await guest.connected("serial")
    first = await guest.hub.watch(UUID)
    guest.consoles["serial"].say(b"one\ntwo\n")
    await shows(first, b"one\ntwo\n")
    first.close()
    again = await guest.hub.watch(UUID, replay=RING)
    await shows(again, b"one\ntwo\n")


async def test_a_guest_has_one_reader_however_often_it_is_followed(guest: Guest) -> None:
    guest.has("serial")
    await asyncio.gather(*(guest.hub.follow(UUID) for _ in range(5)))
    watcher = await guest.hub.watch(UUID)
    await guest.connected("serial")
    guest.consoles["serial"].say(b"once")
    await shows(watcher, b"once")


async def test_auto_is_the_serial_console_until_the_paravirtual_one_speaks(guest: Guest) -> None:
    guest.has("serial", "pv")
    watcher = await guest.hub.watch(UUID, "auto")
    only_serial = await guest.hub.watch(UUID, "serial")
    await guest.connected("serial", "pv")
    guest.consoles["serial"].say(b"firmware ")
    await shows(watcher, b"firmware ")
    await watcher.write(b"to serial")
    await guest.consoles["serial"].hears(b"to serial")
    guest.consoles["pv"].say(b"linux ")
    await shows(watcher, b"linux ")
    await watcher.write(b"to pv")
    await guest.consoles["pv"].hears(b"to pv")
    guest.consoles["serial"].say(b"more")
    await shows(only_serial, b"firmware more")
    assert b"to pv" not in guest.consoles["serial"].heard


async def test_auto_begins_with_the_paravirtual_console_when_it_has_spoken(guest: Guest) -> None:
    guest.has("serial", "pv")
    earlier = await guest.hub.watch(UUID, "pv")
    await guest.connected("pv")
    guest.consoles["pv"].say(b"linux")
    await shows(earlier, b"linux")
    watcher = await guest.hub.watch(UUID, "auto", replay=100)
    await shows(watcher, b"linux")


async def test_a_watcher_that_does_not_keep_up_is_ended_and_the_others_see_all(guest: Guest) -> None:
    guest.has("serial")
    slow, quick = await guest.hub.watch(UUID), await guest.hub.watch(UUID)
    await guest.connected("serial")
    block = b"x" * 65536
    for _ in range(8):
        guest.consoles["serial"].say(block)
        await shows(quick, block)
    assert slow.ending is Ending.SLOW
    assert await slow.read() is None
    guest.consoles["serial"].say(b"goes on")
    await shows(quick, b"goes on")


async def test_watching_ends_when_the_guest_is_gone_after_its_last_words(guest: Guest) -> None:
    guest.has("serial", "pv")
    watcher = await guest.hub.watch(UUID)
    await guest.connected("serial", "pv")
    guest.consoles["serial"].say(b"power down\n")
    guest.consoles["serial"].end()
    guest.consoles["pv"].end()
    await shows(watcher, b"power down\n")
    assert await watcher.read() is None
    assert watcher.ending is Ending.GONE
    await watcher.write(b"into the void")


async def test_a_guest_that_comes_back_is_watched_anew(guest: Guest) -> None:
    guest.has("serial")
    watcher = await guest.hub.watch(UUID)
    await guest.connected("serial")
    guest.consoles["serial"].end()
    assert await watcher.read() is None
    guest.consoles["serial"].path.unlink()
    guest.has("serial")
    again = await guest.hub.watch(UUID, replay=RING)
    await guest.connected("serial")
    guest.consoles["serial"].say(b"second life")
    await shows(again, b"second life")


async def test_a_guest_that_takes_no_input_blocks_only_who_types(guest: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "_INPUT_TIMEOUT", 0.2)
    guest.has("serial")
    console = guest.consoles["serial"]
    typist, watcher = await guest.hub.watch(UUID), await guest.hub.watch(UUID)
    await guest.connected("serial")
    async with asyncio.timeout(10):
        for _ in range(4):
            await typist.write(b"x" * 600_000)
    console.say(b"still here")
    await shows(watcher, b"still here")


async def test_closing_ends_watchers_and_leaves_the_guest_alone(guest: Guest) -> None:
    guest.has("serial")
    watcher = await guest.hub.watch(UUID)

    async def watch() -> None:
        assert await watcher.read() is None
        watcher.close()

    async with asyncio.timeout(5):
        await asyncio.gather(watch(), guest.hub.close())
    assert watcher.ending is Ending.STOPPING
    next_hub = ConsoleHub(guest.places, guest.log_of)
    anew = await next_hub.watch(UUID)
    await guest.connected("serial")
    guest.consoles["serial"].say(b"alive")
    await shows(anew, b"alive")
    anew.close()
    await next_hub.close()


async def test_what_was_said_before_is_read_from_the_log(guest: Guest) -> None:
    guest.log_of(UUID, "serial").write_bytes(b"old " * 50_000 + b"\nlast words\n")
    guest.has("serial")
    watcher = await guest.hub.watch(UUID, replay=100)
    await shows(watcher, b"last words\n")


async def test_what_an_earlier_life_said_is_not_shown_of_a_fresh_guest(guest: Guest) -> None:
    guest.log_of(UUID, "serial").write_bytes(b"power down\n")
    guest.has("serial")
    await guest.hub.follow(UUID, fresh=True)
    guest.consoles["serial"].say(b"early\n")
    watcher = await guest.hub.watch(UUID, replay=RING)
    await shows(watcher, b"early\n")
    guest.consoles["serial"].say(b"late\n")
    await shows(watcher, b"late\n")


async def test_what_a_guest_says_much_faster_than_it_is_read_is_shown_once_and_whole(guest: Guest) -> None:
    guest.has("serial")
    await guest.hub.follow(UUID)
    said = b"".join(b"count %d\n" % number for number in range(20_000))
    watcher = await guest.hub.watch(UUID)
    for start in range(0, len(said), 1000):
        guest.consoles["serial"].say(said[start : start + 1000])
    await shows(watcher, said)


async def test_a_log_that_grows_too_long_is_cut_and_its_tail_kept(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "LIMIT", 1000)
    console_log = guest.log_of(UUID, "serial")
    console_log.write_bytes(b"a" * 500 + b"b" * 1000)
    guest.has("serial")
    watcher = await guest.hub.watch(UUID)
    assert console_log.stat().st_size == 0
    assert Path(f"{console_log}.1").read_bytes() == b"b" * 1000
    for content in (b"c" * 70_000, b"d" * 999):
        guest.consoles["serial"].say(content)
        await shows(watcher, content)
    assert console_log.read_bytes() == b"d" * 999
    assert Path(f"{console_log}.1").read_bytes() == b"c" * 1000


async def test_a_log_that_somebody_cuts_is_read_on_from_its_new_beginning(guest: Guest) -> None:
    guest.has("serial")
    watcher = await guest.hub.watch(UUID)
    guest.consoles["serial"].say(b"before\n")
    await shows(watcher, b"before\n")
    os.truncate(guest.log_of(UUID, "serial"), 0)
    guest.consoles["serial"].say(b"after\n")
    await shows(watcher, b"after\n")


async def test_a_log_that_cannot_be_cut_is_read_on(
    guest: Guest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(log, "LIMIT", 10)
    guest.has("serial")
    watcher = await guest.hub.watch(UUID)
    Path(f"{guest.log_of(UUID, 'serial')}.1").mkdir()
    for content in (b"more than ten bytes\n", b"and more\n"):
        guest.consoles["serial"].say(content)
        await shows(watcher, content)
    assert "cannot be cut" not in caplog.text
    assert "cannot cut a console log: Is a directory" in caplog.text.replace("[Errno 21] ", "")


async def test_a_guest_or_console_that_is_not_there_is_said_so(guest: Guest) -> None:
    with pytest.raises(XeniaError, match="no text console"):
        await guest.hub.watch("nobody")
    guest.has("serial")
    with pytest.raises(XeniaError, match="no paravirtual console") as caught:
        await guest.hub.watch(UUID, "pv")
    assert caught.value.hint is not None
    assert "serial" in caught.value.hint


async def test_a_pipe_without_a_guest_is_said_so_and_tried_again(guest: Guest) -> None:
    guest.has("serial")
    guest.consoles["serial"].end()
    with pytest.raises(XeniaError, match="no text console"):
        await guest.hub.watch(UUID)
    guest.consoles["serial"].path.unlink()
    guest.has("serial")
    await guest.hub.watch(UUID)


class Bus:
    """What happens, as the manager tells it."""

    def __init__(self) -> None:
        self.queues: list[asyncio.Queue[Event | None]] = []
        self.somebody_listens = asyncio.Event()

    @contextmanager
    def listen(self) -> Iterator[AsyncIterator[Event]]:
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self.queues.append(queue)
        self.somebody_listens.set()

        async def events() -> AsyncIterator[Event]:
            while (event := await queue.get()) is not None:
                yield event

        yield events()


@pytest.mark.parametrize("kind", [EventKind.STARTED, EventKind.FOUND, EventKind.REBOOTED])
async def test_a_guest_that_appears_is_followed(guest: Guest, kind: EventKind) -> None:
    async def running() -> Iterable[str]:
        return ["gone already"]

    bus = Bus()
    guest.hub.start(bus.listen, running)
    guest.has("serial")
    async with asyncio.timeout(5):
        await bus.somebody_listens.wait()
        bus.queues[0].put_nowait(Event(1, 0.0, EventKind.PAUSED, "other", "other"))
        bus.queues[0].put_nowait(Event(2, 0.0, kind, "guest", UUID))
        await guest.connected("serial")


async def test_guests_that_run_already_are_followed(guest: Guest) -> None:
    async def running() -> Iterable[str]:
        return [UUID]

    guest.has("serial")
    guest.hub.start(Bus().listen, running)
    async with asyncio.timeout(5):
        await guest.connected("serial")


async def test_a_dead_guest_that_is_kept_makes_room_for_the_next_life(guest: Guest) -> None:
    async def running() -> Iterable[str]:
        return [UUID]

    guest.has("serial")
    bus = Bus()
    guest.hub.start(bus.listen, running)
    async with asyncio.timeout(5):
        await guest.connected("serial")
        watcher = await guest.hub.watch(UUID)
        bus.queues[0].put_nowait(Event(1, 0.0, EventKind.KEPT, "guest", UUID))
        assert await watcher.read() is None
        assert watcher.ending is Ending.GONE
        dead = guest.consoles["serial"]
        dead.path.rename(guest.folder / "kept.sock")
        guest.has("serial")
        bus.queues[0].put_nowait(Event(2, 0.0, EventKind.REBOOTED, "guest", UUID))
        await guest.connected("serial")
    dead.end()
