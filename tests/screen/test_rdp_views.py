"""Guests seen over RDP with the real xrdp and the real relay."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.rdp_server import REQUEST
from tests.support.vnc import NotLetIn, Viewer, serve_screen
from tests.support.waiting import until

from xenia.client.rdp import NoDesktop, knock
from xenia.lib.aio import Tasks
from xenia.model.display import Display, VncRules
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.event import Event, EventKind
from xenia.screen.rdp import own as own_server
from xenia.screen.rdp import server
from xenia.screen.rdp import views as rdp_views
from xenia.screen.rdp.views import RdpViews
from xenia.screen.wish import Wish
from xenia.settings.certificate import certificate_of

WEB, DB = "0f9e8d7c-0000-4000-8000-000000000001", "0f9e8d7c-0000-4000-8000-000000000002"
UIDS = (61_000, 61_001) if os.geteuid() == 0 else (None, None)
PORT = 3389
LIMIT = 120


class Host:
    """Guests that wish to be seen. It has an address of its own, so that the port is free."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wishes: dict[str, Wish] = {}
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.told: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue()
        self.tasks = Tasks()
        self.address = ".".join(map(str, (127, *os.urandom(2), 7)))
        self.number = 0

    def wish(self, uuid: str = WEB, name: str = "web", **display: Any) -> None:
        self.wishes[uuid] = Wish(name, 7, Display(rdp=True, **display))

    async def open_screen(self, uuid: str) -> socket.socket:
        del uuid
        ours, theirs = socket.socketpair()
        self.tasks.start(serve_screen(theirs), name="screen")
        ours.setblocking(False)
        return ours

    @contextmanager
    def listen(self) -> Iterator[AsyncIterator[Event]]:
        async def events() -> AsyncIterator[Event]:
            while True:
                yield await self.events.get()

        yield events()

    async def running(self) -> list[str]:
        return list(self.wishes)

    def happens(self, kind: EventKind, uuid: str = WEB) -> None:
        self.number += 1
        self.events.put_nowait(Event(self.number, 0.0, kind, "web", uuid))

    async def hears(self) -> tuple[str, str, str]:
        """opened or refused, the guest, and where or why."""
        async with asyncio.timeout(LIMIT):
            return await self.told.get()

    def certificate(self) -> tuple[Path, Path]:
        found = certificate_of("", "", self.folder / "web")
        return found.chain, found.key

    def views(self, **rules: Any) -> RdpViews:
        views = RdpViews(
            self.wishes.get,
            self.open_screen,
            lambda uuid, place: self.told.put_nowait(("opened", uuid, place)),
            lambda uuid, why: self.told.put_nowait(("refused", uuid, why)),
            self.certificate,
            relay_uid=UIDS[0],
            uid=UIDS[1],
            folder=self.run,
            rules=VncRules(**{"rdp_listen": self.address, **rules}),
            port=PORT,
        )
        views.start(self.listen, self.running)
        return views

    @property
    def run(self) -> Path:
        return self.folder / "rdp"

    @property
    def own(self) -> Path:
        """Where an xrdp of one viewer's own has its folder."""
        return self.folder / "rdp-own"

    @property
    def place(self) -> str:
        return f"{self.address}:{PORT}"

    def port_of(self, name: str) -> int:
        """Where xrdp finds the door of a guest."""
        section = (self.run / "xrdp.ini").read_text().partition(f"[{name}]\n")[2].partition("[")[0]
        return int(section.partition("\nport=")[2].partition("\n")[0])

    def processes(self) -> dict[int, dict[str, str]]:
        """Those of this xrdp, by what their status says."""
        found = {}
        for process in Path("/proc").iterdir():
            try:
                if process.name.isdecimal() and (process / "cwd").readlink() == self.run:
                    lines = (process / "status").read_text().splitlines()
                    found[int(process.name)] = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
            except OSError:
                continue
        return {pid: status for pid, status in found.items() if status["Name"] == "xrdp"}


Start = Callable[..., Awaitable[RdpViews]]


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    host = Host(tmp_path)
    yield host
    await host.tasks.close()


@pytest.fixture
async def start(host: Host) -> AsyncIterator[Start]:
    started: list[RdpViews] = []

    async def views(**rules: Any) -> RdpViews:
        started.append(host.views(**rules))
        return started[-1]

    yield views
    for each in started:
        await each.close()


async def answers(host: Host) -> None:
    await asyncio.to_thread(knock, host.address, PORT, LIMIT)


async def silent(host: Host) -> None:
    with pytest.raises(NoDesktop, match="nothing listens there"):
        await answers(host)


async def alone(host: Host) -> int:
    """xrdp itself, once it has no process for a connection."""
    await until(lambda: len(host.processes()) == 1)
    return next(iter(host.processes()))


async def seen(port: int, password: str) -> bytes:
    def come() -> bytes:
        viewer = Viewer(("127.0.0.1", port), password)
        try:
            return viewer.come_in()
        finally:
            viewer.close()

    return await asyncio.to_thread(come)


async def test_a_guest_is_shown_as_long_as_it_wishes_and_then_nothing_is_left(host: Host, start: Start) -> None:
    host.wish(vnc_password="geheim")
    await start()
    assert await host.hears() == ("opened", WEB, host.place)
    await answers(host)
    port = host.port_of("web")
    assert await seen(port, "geheim") == b"demo"
    with pytest.raises(NotLetIn, match="the password is wrong"):
        await seen(port, "Geheim")
    del host.wishes[WEB]
    host.happens(EventKind.ENDED)
    assert await host.hears() == ("opened", WEB, "")
    await until(lambda: not host.run.exists())
    await silent(host)
    with pytest.raises(ConnectionRefusedError):
        await seen(port, "geheim")


async def test_xrdp_has_no_rights_and_the_key_is_nobody_elses(host: Host, start: Start) -> None:
    host.wish()
    await start()
    await host.hears()
    status = host.processes()[await alone(host)]
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    key = (host.run / "key.pem").stat()
    if UIDS[1] is None:
        assert key.st_mode & 0o077 == 0
        return
    assert status["Uid"].split() == [str(UIDS[1])] * 4
    assert status["Gid"].split() == [str(UIDS[1])] * 4
    assert status.get("Groups", "").split() == []
    assert (key.st_mode & 0o777, key.st_uid, key.st_gid) == (0o640, 0, UIDS[1])
    assert host.run.stat().st_mode & 0o777 == 0o710


async def test_another_guest_disturbs_nobody_who_is_connected(host: Host, start: Start) -> None:
    host.wish()
    await start()
    await host.hears()
    before = await alone(host)
    connection = await asyncio.to_thread(socket.create_connection, (host.address, PORT), LIMIT)
    with connection:
        await until(lambda: len(host.processes()) == 2)
        host.wish(DB, "db", vnc_password="andere")
        host.happens(EventKind.STARTED, DB)
        assert await host.hears() == ("opened", DB, host.place)
        assert len(host.processes()) == 2
        assert before in host.processes()
        assert await seen(host.port_of("db"), "andere") == b"demo"
        assert host.port_of("web") != host.port_of("db")
    await until(lambda: list(host.processes()) == [before])


async def test_a_guest_may_go_while_another_one_comes(host: Host, start: Start) -> None:
    host.wish()
    await start()
    await host.hears()
    host.wishes.clear()
    host.happens(EventKind.ENDED)
    host.wish(DB, "db")
    host.happens(EventKind.STARTED, DB)
    assert await host.hears() == ("opened", WEB, "")
    assert await host.hears() == ("opened", DB, host.place)
    await answers(host)


async def test_a_renamed_guest_is_found_by_its_new_name(host: Host, start: Start) -> None:
    host.wish()
    await start()
    await host.hears()
    port = host.port_of("web")
    host.wish(name="shop")
    host.happens(EventKind.RENAMED)
    await until(lambda: "[shop]" in (host.run / "xrdp.ini").read_text())
    assert host.port_of("shop") == port
    assert "[web]" not in (host.run / "xrdp.ini").read_text()


async def test_xrdp_is_started_again_when_it_is_killed_with_all_who_are_connected(
    host: Host, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_FIRST_WAIT", 0.01)
    host.wish()
    await start()
    await host.hears()
    first = await alone(host)
    with await asyncio.to_thread(socket.create_connection, (host.address, PORT), LIMIT) as connection:
        await until(lambda: len(host.processes()) == 2)
        os.kill(first, signal.SIGKILL)
        connection.settimeout(LIMIT)
        assert await asyncio.to_thread(connection.recv, 1) == b""
    assert await host.hears() == ("opened", WEB, "")
    what, uuid, why = await host.hears()
    assert (what, uuid) == ("refused", WEB)
    assert why == "xrdp has ended; it is started again"
    assert await host.hears() == ("opened", WEB, host.place)
    await answers(host)
    assert first not in host.processes()


async def test_a_guest_without_a_password_is_not_shown_where_others_reach_it(host: Host, start: Start) -> None:
    host.wish()
    await start(rdp_listen="0.0.0.0")  # noqa: S104
    what, uuid, why = await host.hears()
    assert (what, uuid) == ("refused", WEB)
    assert "it has no password, and 0.0.0.0 can be reached from elsewhere" in why
    assert "vncpasswd" in why
    assert not host.run.exists()


async def test_the_hosts_password_holds_where_a_guest_has_none(host: Host, start: Start) -> None:
    host.wish()
    await start(password="alle")
    await host.hears()
    assert await seen(host.port_of("web"), "alle") == b"demo"


async def test_wrong_passwords_make_one_guest_wait_and_no_other(host: Host, start: Start) -> None:
    host.wish(vnc_password="geheim")
    host.wish(DB, "db", vnc_password="andere")
    await start()
    assert {await host.hears(), await host.hears()} == {("opened", uuid, host.place) for uuid in (WEB, DB)}
    for _ in range(5):
        with pytest.raises(NotLetIn, match="the password is wrong"):
            await seen(host.port_of("web"), "falsch")
    with pytest.raises(NotLetIn, match="too many wrong passwords"):
        await seen(host.port_of("web"), "geheim")
    assert await seen(host.port_of("db"), "andere") == b"demo"


async def test_a_port_that_is_taken_is_told_with_what_helps_and_tried_again(
    host: Host, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_FIRST_WAIT", 0.05)
    host.wish()
    with socket.create_server((host.address, PORT)):
        await start()
        assert await host.hears() == ("opened", WEB, "")
        what, _, why = await host.hears()
        assert what == "refused"
        assert why.startswith(f"nobody can listen at {host.place}: Address already in use")
        assert "systemctl disable --now xrdp, or set rdp_port" in why
    assert await host.hears() == ("opened", WEB, host.place)


async def test_without_xrdp_it_is_said_how_to_get_it(host: Host, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PATH", str(host.folder))
    host.wish()
    await start()
    assert await host.hears() == ("opened", WEB, "")
    assert await host.hears() == ("refused", WEB, "xrdp is not installed: apt-get install xrdp")


async def test_a_certificate_that_is_not_there_is_named(
    host: Host, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = host.folder / "no.pem"
    monkeypatch.setattr(host, "certificate", lambda: (missing, missing))
    host.wish()
    await start()
    assert await host.hears() == ("opened", WEB, "")
    assert await host.hears() == ("refused", WEB, f"{missing}: No such file or directory")
    assert not host.run.exists()


async def test_what_a_killed_xend_has_left_is_removed(host: Host, start: Start) -> None:
    host.run.mkdir()
    (host.run / "key.pem").write_text("secret")
    await start()
    assert not host.run.exists()


async def negotiates(connection: socket.socket) -> bytes:
    """What is answered to the first words of RDP."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(LIMIT):
        await loop.sock_sendall(connection, REQUEST)
        return await loop.sock_recv(connection, 100)


def told(folder: Path) -> dict[str, str]:
    """What the xrdp of a viewer's own has read of its one guest."""
    section = (folder / "xrdp.ini").read_text().partition("[screen]\n")[2]
    return dict(line.split("=", 1) for line in section.splitlines())


async def test_a_viewer_has_an_xrdp_of_their_own_without_a_password(host: Host, start: Start) -> None:
    host.wish(vnc_password="geheim")
    host.wish(DB, "db")
    views = await start()
    async with views.own(WEB) as connection, views.own(DB) as other:
        for each in (connection, other):
            assert (await negotiates(each))[:6].hex() == "030000130ed0"
        folders = [*host.own.iterdir()]
        assert len(folders) == 2
        for folder in folders:
            assert not (folder / "door").exists()
            assert (folder / "key.pem").stat().st_mode & 0o007 == 0
            assert "geheim" not in (folder / "xrdp.ini").read_text()
            for password in ("geheim", ""):
                with pytest.raises(NotLetIn):
                    await seen(int(told(folder)["port"]), password)
            assert await seen(int(told(folder)["port"]), told(folder)["password"]) == b"demo"
        ports = [int(told(folder)["port"]) for folder in folders]
        assert len(set(ports)) == 2
    assert not host.own.exists()
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            await seen(port, "")


async def test_the_door_of_a_viewers_own_closes_with_its_guest_alone(host: Host, start: Start) -> None:
    host.wish()
    host.wish(DB, "db")
    views = await start()
    await host.hears()
    await host.hears()
    async with views.own(WEB):
        (web,) = host.own.iterdir()
        async with views.own(DB):
            (db,) = {*host.own.iterdir()} - {web}
            del host.wishes[WEB]
            host.happens(EventKind.ENDED)
            assert await host.hears() == ("opened", WEB, "")
            with pytest.raises(ConnectionRefusedError):
                await seen(int(told(web)["port"]), told(web)["password"])
            assert await seen(int(told(db)["port"]), told(db)["password"]) == b"demo"


async def test_why_nobody_has_an_xrdp_of_their_own(host: Host, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    views = await start()

    async def refused() -> XeniaError:
        with pytest.raises(XeniaError) as found:
            async with views.own(WEB):
                pass
        assert not host.own.exists()
        return found.value

    assert (await refused()).hint == "rdp = 1 in its guest file has it shown"
    host.wish()
    monkeypatch.setattr(rdp_views, "MOST_OWN", 0)
    assert (await refused()).kind is ErrorKind.TOO_MANY
    monkeypatch.undo()
    monkeypatch.setattr(own_server, "PATH", "/nowhere")
    assert (await refused()).hint == "apt-get install xrdp"
    monkeypatch.undo()
    program = host.folder / "xrdp"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(own_server, "PATH", str(host.folder))
    assert (await refused()).message == "xrdp, which shows the screen over RDP, does not start"


async def test_what_was_told_to_an_xrdp_of_somebodys_own_is_removed(host: Host, start: Start) -> None:
    left = host.own / "0123"
    left.mkdir(parents=True)
    (left / "xrdp.ini").write_text("password=secret")
    await start()
    assert not host.own.exists()
