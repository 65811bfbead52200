"""The doors with the real relay, a process of its own, and viewers that come in, or do not."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.support.vnc import NotLetIn, Viewer, serve_screen

from xenia.lib.aio import Tasks
from xenia.model.display import Display, VncRules
from xenia.model.event import Event, EventKind
from xenia.screen.doors import ScreenDoors
from xenia.screen.wish import Wish
from xenia.settings.certificate import certificate_of

GUEST = "0f9e8d7c-0000-4000-8000-000000000001"
UID = 61_000 if os.geteuid() == 0 else None


Place = tuple[str, int]


class Host:
    """Guests that wish something, by UUID. It has an address of its own: displays are counted from 0 everywhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wishes: dict[str, Wish] = {}
        self.places: dict[str, str] = {}
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.opened: list[str] = []
        self.reasons: list[tuple[str, str]] = []
        self.changed = asyncio.Event()
        self.heard = asyncio.Event()
        self.tasks = Tasks()
        self.number = 0
        self.address = ".".join(map(str, (127, *os.urandom(3))))

    def wish(self, uuid: str = GUEST, **display: Any) -> None:
        self.wishes[uuid] = Wish("demo", 7, Display(**{"vnc": True, "vnc_listen": self.address, **display}))

    async def open_screen(self, uuid: str) -> socket.socket:
        self.opened.append(uuid)
        ours, theirs = socket.socketpair()
        self.tasks.start(serve_screen(theirs), name="screen")
        ours.setblocking(False)
        return ours

    def told(self, uuid: str, place: str) -> None:
        self.places[uuid] = place
        self.changed.set()

    def refused(self, uuid: str, why: str) -> None:
        self.reasons.append((uuid, why))

    @contextmanager
    def listen(self) -> Iterator[AsyncIterator[Event]]:
        async def events() -> AsyncIterator[Event]:
            while True:
                if self.events.empty():
                    self.heard.set()
                yield await self.events.get()

        yield events()

    async def running(self) -> list[str]:
        return list(self.wishes)

    def happens(self, kind: EventKind, uuid: str = GUEST) -> None:
        self.number += 1
        self.heard.clear()
        self.events.put_nowait(Event(self.number, 0.0, kind, "demo", uuid))

    async def place(self, uuid: str = GUEST) -> str:
        """Where its door is, once that is told anew."""
        async with asyncio.timeout(30):
            await self.changed.wait()
        self.changed.clear()
        return self.places[uuid]

    def certificate(self) -> tuple[Path, Path]:
        found = certificate_of("", "", self.folder / "web")
        return found.chain, found.key

    def doors(self, **rules: Any) -> ScreenDoors:
        doors = ScreenDoors(
            self.wish_of, self.open_screen, self.told, self.refused, self.certificate,
            uid=UID, kept=self.folder / "vnc.json", rules=VncRules(**rules),
        )  # fmt: skip
        doors.start(self.listen, self.running)
        return doors

    def wish_of(self, uuid: str) -> Wish | None:
        return self.wishes.get(uuid)


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    host = Host(tmp_path)
    yield host
    await host.tasks.close()


Open = Callable[..., Awaitable[Place]]


@pytest.fixture
async def door(host: Host) -> AsyncIterator[Open]:
    """Opens the doors with these rules, for a guest with this display; where."""
    opened: list[ScreenDoors] = []

    async def open_it(rules: dict[str, Any] | None = None, **display: Any) -> Place:
        host.wish(**display)
        opened.append(host.doors(**rules or {}))
        return parsed(await host.place())

    yield open_it
    for each in opened:
        await each.close()


def parsed(place: str) -> Place:
    address, _, display = place.rpartition(":")
    return address, 5900 + int(display)


async def seen(place: Place, *words: Any, **options: Any) -> bytes:
    """What a viewer sees that comes in."""

    def come() -> bytes:
        viewer = Viewer(place, *words, **options)
        try:
            return viewer.come_in()
        finally:
            viewer.close()

    return await asyncio.to_thread(come)


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.parametrize("version", [b"003.003", b"003.005", b"003.007", b"003.008", b"003.889", b"004.001"])
@pytest.mark.parametrize("password", ["", "geheim"])
async def test_a_viewer_of_each_version_comes_in(door: Open, version: bytes, password: str) -> None:
    place = await door(vnc_password=password)
    assert await seen(place, password, version=version) == b"demo"


@pytest.mark.parametrize("version", [b"003.003", b"003.007", b"003.008"])
async def test_a_wrong_password_is_refused(door: Open, host: Host, version: bytes) -> None:
    place = await door(vnc_password="geheim")
    with pytest.raises(NotLetIn, match="the password is wrong" if version == b"003.008" else "^$"):
        await seen(place, "Geheim", version=version)
    assert host.opened == [], "nothing is opened for whoever does not come in"


async def test_the_hosts_password_holds_where_a_guest_has_none(door: Open) -> None:
    place = await door({"password": "sesame"})
    assert await seen(place, "sesame") == b"demo"
    with pytest.raises(NotLetIn):
        await seen(place, "")


async def test_who_tries_too_often_waits(door: Open) -> None:
    place = await door(vnc_password="geheim")
    for _ in range(5):
        with pytest.raises(NotLetIn, match="wrong"):
            await seen(place, "x")
    for version in (b"003.003", b"003.008"):
        with pytest.raises(NotLetIn, match=r"too many wrong passwords from there: try again in [56]. s"):
            await seen(place, "geheim", version=version)


@pytest.mark.parametrize("password", ["", "geheim"])
async def test_over_tls(door: Open, host: Host, password: str) -> None:
    place = await door({"tls": True}, vnc_password=password)
    trusting = ssl.create_default_context(cafile=host.certificate()[0])
    trusting.check_hostname = False
    assert await seen(place, password, tls=trusting) == b"demo"
    if password:
        with pytest.raises(NotLetIn, match="the password is wrong"):
            await seen(place, "other", tls=unverified())


async def test_an_old_viewer_is_told_that_tls_is_asked_for(door: Open) -> None:
    place = await door({"tls": True})
    with pytest.raises(NotLetIn, match="knows no TLS"):
        await seen(place, version=b"003.003")


def pick(viewer: Viewer, offered: bytes, answer: bytes) -> None:
    assert viewer.exactly(12) == b"RFB 003.008\n"
    viewer.send(b"RFB 003.008\n")
    assert viewer.exactly(len(offered)) == offered
    viewer.send(answer)


@pytest.mark.parametrize(
    ("rules", "offered", "answer"),
    [
        ({"password": "x"}, b"\1\2", b"\1"),
        ({"tls": True}, b"\1\x13", b"\1"),
        ({"tls": True}, b"\1\x13", b"\2"),
        ({"tls": True}, b"\1\x13", b"\x13\0\1"),
        ({"tls": True}, b"\1\x13", b"\x13\0\2\0\0\1\2"),
    ],
)
async def test_nobody_comes_in_past_what_was_offered(
    door: Open, host: Host, rules: dict[str, Any], offered: bytes, answer: bytes
) -> None:
    place = await door(rules)

    def come() -> bytes:
        viewer = Viewer(place)
        pick(viewer, offered, answer)
        rest = b""
        while data := viewer.connection.recv(4096):
            rest += data
        viewer.close()
        return rest

    rest = await asyncio.to_thread(come)
    assert b"not offered" in rest or rest.endswith((b"\xff", b"\0")), rest
    assert host.opened == []


async def test_what_is_no_viewer_costs_nothing(door: Open) -> None:
    place = await door(vnc_password="geheim")

    def bother() -> None:
        for garbage in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\0" * 5000, b"RFB 002.002\n", b"RFB 003.008\n\xff" * 9):
            with socket.create_connection(place) as stranger:
                stranger.sendall(garbage)

    await asyncio.to_thread(bother)
    assert await seen(place, "geheim") == b"demo"


async def test_what_is_said_comes_through_both_ways(door: Open) -> None:
    place = await door({"tls": True}, vnc_password="geheim")

    def echo() -> bool:
        viewer = Viewer(place, "geheim", tls=unverified())
        viewer.come_in()
        piece = os.urandom(1 << 16)
        for _ in range(32):
            viewer.send(piece)
            if viewer.exactly(len(piece)) != piece:
                return False
        viewer.close()
        return True

    assert await asyncio.to_thread(echo)


async def test_too_many_are_not_let_in(door: Open) -> None:
    place = await door()

    def crowd() -> bytes:
        with ExitStack() as stack:
            for _ in range(32):
                viewer = Viewer(place)
                stack.callback(viewer.close)
                viewer.come_in()
            late = Viewer(place)
            stack.callback(late.close)
            with pytest.raises(NotLetIn, match="too many viewers"):
                late.come_in()
        return b""

    await asyncio.to_thread(crowd)


async def test_a_door_closes_with_its_guest(door: Open, host: Host) -> None:
    place = await door()
    viewer = Viewer(place)
    assert await asyncio.to_thread(viewer.come_in) == b"demo"
    del host.wishes[GUEST]
    host.happens(EventKind.ENDED)
    assert await host.place() == ""
    with pytest.raises((EOFError, ConnectionResetError)):
        await asyncio.to_thread(viewer.exactly, 1)
    viewer.close()
    with pytest.raises(ConnectionRefusedError):
        Viewer(place)


async def test_a_guest_that_comes_later_gets_one(door: Open, host: Host) -> None:
    await door()
    other = GUEST[:-1] + "2"
    host.wish(other, vnc_password="own")
    host.happens(EventKind.STARTED, other)
    place = parsed(await host.place(other))
    assert await seen(place, "own") == b"demo"
    assert host.opened == [other]


async def test_a_relay_that_dies_is_started_again(door: Open, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xenia.screen.doors._AGAIN", 0.05)
    place = await door(vnc_password="geheim")
    assert await seen(place, "geheim") == b"demo"
    os.kill(relay(), signal.SIGKILL)
    assert await seen(place, "geheim") == b"demo"


def relay() -> int:
    """The process of it."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text().rpartition(") ")[2].split()[1])
        except OSError:
            continue
        if b"relay_main" in words and parent == os.getpid():
            return int(folder.name)
    raise AssertionError("there is none")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_the_relay_has_no_rights(door: Open) -> None:
    assert await seen(await door({"tls": True}), tls=unverified()) == b"demo"
    folder = Path("/proc", str(relay()))
    status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line)
    assert status["Uid"].split() == [str(UID)] * 4
    assert int(status["CapEff"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert str((folder / "root").readlink()).endswith("(deleted)")


async def test_a_new_xend_opens_it_at_the_same_place(host: Host) -> None:
    host.wish()
    host.wish(GUEST[:-1] + "2")
    first = host.doors()
    while len(host.places) < 2:
        await host.place()
    places = dict(host.places)
    await first.close()
    host.places.clear()
    host.wishes = dict(reversed(host.wishes.items()))
    second = host.doors()
    while len(host.places) < 2:
        await host.place()
    assert host.places == places
    told = json.loads((host.folder / "vnc.json").read_text())
    assert told == {uuid: {"place": place, "tls": False} for uuid, place in places.items()}
    await second.close()


async def test_a_display_that_is_taken_is_said_or_the_next_one_used(door: Open, host: Host) -> None:
    place = await door()
    other = GUEST[:-1] + "2"
    host.wish(other, vnc_display=place[1] - 5900, vnc_unused=False)
    host.happens(EventKind.STARTED, other)
    third = GUEST[:-1] + "3"
    host.wish(third, vnc_display=place[1] - 5900)
    host.happens(EventKind.STARTED, third)
    assert parsed(await host.place(third))[1] > place[1]
    assert other not in host.places
    assert host.reasons == [(other, f"display {place[1] - 5900} is taken at {host.address}")]
    host.happens(EventKind.PAUSED, other)
    del host.wishes[GUEST]
    host.happens(EventKind.ENDED)
    assert await host.place() == ""
    assert len(host.reasons) == 1, "it is told once"
    host.happens(EventKind.RESUMED, other)
    assert parsed(await host.place(other)) == place


async def test_without_a_certificate_nothing_is_opened_in_the_clear(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "certificate", partial(Path.read_bytes, Path("/nowhere/key.pem")))
    host.wish()
    doors = host.doors(tls=True)
    async with asyncio.timeout(30):
        await host.heard.wait()
    assert host.places == {}
    assert host.reasons == [(GUEST, "No such file or directory")]
    await doors.close()


async def test_a_relay_that_was_taken_over_gets_no_screens_but_those_behind_doors(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[socket.socket] = []

    def start(connection: socket.socket, *_: object) -> subprocess.Popen[bytes]:
        ends.append(connection)
        return subprocess.Popen(["sleep", "600"])

    monkeypatch.setattr("xenia.screen.process.start", start)
    host.wish()
    doors = host.doors()
    await host.place()
    (end,) = ends
    end.setblocking(False)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(30):
        assert b"open" in await loop.sock_recv(end, 4096)
        for asked in ({"uuid": GUEST[:-1] + "2"}, {"uuid": None}, {}, {"uuid": "0"}):
            await loop.sock_sendall(end, json.dumps({"wanted": 1, **asked}).encode())
            told = json.loads(await loop.sock_recv(end, 4096))
            assert told == {"refused": 1, "why": "[Errno 2] it has no door"}
    assert host.opened == []
    end.close()
    await doors.close()


async def test_what_was_started_with_tls_keeps_it(host: Host) -> None:
    host.wish()
    first = host.doors(tls=True)
    place = parsed(await host.place())
    await first.close()
    second = host.doors()
    await host.place()
    assert await seen(place, tls=unverified()) == b"demo"
    await second.close()


@pytest.mark.parametrize(
    ("display", "why"),
    [
        ({"vnc_listen": "0.0.0.0"}, "neither a password nor TLS any more"),  # noqa: S104 (refused)
        ({"vnc_listen": "::"}, "neither a password nor TLS any more"),
        ({"vnc_listen": "somewhere.example"}, "'somewhere.example' is no IP address"),
        ({"vnc_display": 59_636}, "there is no display 59636: the last one is 59635"),
        ({"vnc_listen": "192.0.2.1", "vnc_password": "x"}, "nobody can listen at 192.0.2.1: Cannot assign"),
    ],
)
async def test_a_door_that_cannot_be_is_refused_and_others_are_opened(
    host: Host, display: dict[str, Any], why: str
) -> None:
    host.wish(**display)
    host.wish(GUEST[:-1] + "2")
    doors = host.doors()
    async with asyncio.timeout(30):
        await host.heard.wait()
    ((uuid, reason),) = host.reasons
    assert uuid == GUEST
    assert why in reason
    assert list(host.places) == [GUEST[:-1] + "2"]
    await doors.close()


@pytest.mark.parametrize("kept", ["", "[]", "{", '{"x": 1}', '{"x": {}}', "null"])
async def test_what_was_kept_may_be_nonsense(host: Host, kept: str) -> None:
    (host.folder / "vnc.json").write_text(kept)
    host.wish()
    doors = host.doors()
    assert await host.place()
    await doors.close()
