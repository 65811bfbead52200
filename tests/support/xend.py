"""A xend in this process: real socket, real server, simulated guests, and consoles that a test speaks for."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import websockets
from tests.support.world import World

from xenia.api.app import make_app
from xenia.api.doors import About, Doors
from xenia.console.hub import ConsoleHub
from xenia.console.kept import KeptLogs
from xenia.daemon.issuer.ask import Issuers
from xenia.daemon.security_key.ask import Proofs
from xenia.daemon.serve import listen, listen_for_web, serve
from xenia.desktop.sessions import DesktopSessions
from xenia.lib.aio import Tasks
from xenia.lib.files import DiskFiles
from xenia.lib.paths import Paths
from xenia.manager.events import EventBus
from xenia.manager.logins.attempts import Attempts
from xenia.manager.logins.handovers import Handovers
from xenia.manager.logins.links import LoginLinks
from xenia.manager.logins.logins import Logins
from xenia.manager.logins.people import Admitted, People
from xenia.manager.logins.second_factor import SecondFactor
from xenia.manager.logins.through_issuer import ThroughIssuer
from xenia.manager.logins.tickets import Tickets
from xenia.manager.manager import Manager
from xenia.manager.old_config import OldConfigImport
from xenia.manager.settings import SettingsKeeper
from xenia.manager.settings_edit import SettingsEditor
from xenia.model.errors import denied, invalid
from xenia.model.issuer import Issuer
from xenia.model.old_config import OldConfig
from xenia.model.security_key import Site
from xenia.settings.load import load
from xenia.settings.settings import Settings
from xenia.store.old_config import OldConfigMark
from xenia.store.security_keys import SecurityKeyStore
from xenia.store.tokens import Tokens
from xenia.sxp.read import read as read_sxp
from xenia.ucr.write import OwnFile

URL = "http://xend"
UID = 61_000 if os.geteuid() == 0 else None
"""Of processes without rights."""

GROUPS: dict[str, frozenset[str]] = {
    name: frozenset(groups.split())
    for name, groups in {"ada": "ada", "olga": "ops", "vic": "vic", "eve": "users", "gus": "guests"}.items()
}
"""The users of the host: an administrator, an operator, a viewer, and two who may not come in, but where a test grants
them something. Their passwords are their names, backwards.
"""


async def check(user: str, password: str) -> None:
    if user not in GROUPS or password != user[::-1]:
        raise denied("the password is wrong")


@asynccontextmanager
async def no_view(_: str) -> AsyncIterator[socket.socket]:
    """Simulated guests have no screen that could be shown over RDP."""
    raise invalid("the screen of this domain is not shown over RDP", "rdp = 1 in its guest file has it shown")
    yield socket.socket()


class GuestConsole:
    """A guest's end of one console, as QEMU has it: a pipe `path` for its input, and a log for what it says."""

    def __init__(self, path: Path, log: Path) -> None:
        self.path, self.log = path, log
        self.heard = bytearray()
        self._input = -1

    def __enter__(self) -> GuestConsole:
        os.mkfifo(self.path)
        self._input = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.log.touch()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def say(self, data: bytes) -> None:
        with self.log.open("ab", buffering=0) as log:
            log.write(data)

    async def connected(self) -> None:
        """Wait until xend may type."""
        while not self._is_open():  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.001)

    def _is_open(self) -> bool:
        try:
            self.heard += os.read(self._input, 1 << 16)
        except BlockingIOError:
            return True
        return bool(self.heard)

    async def hears(self, data: bytes) -> None:
        async with asyncio.timeout(5):
            while data not in self.heard:
                with suppress(BlockingIOError):
                    self.heard += os.read(self._input, 1 << 16)
                await asyncio.sleep(0.001)

    def end(self) -> None:
        """The guest's process ends."""
        if self._input >= 0:
            os.close(self._input)
            self._input = -1


@dataclass
class Xend:
    socket: Path
    web: Path
    """The door of xenia-web."""
    audit: list[dict[str, Any]]
    world: World
    manager: Manager
    doors: Doors
    client: httpx2.AsyncClient
    consoles: dict[str, dict[str, GuestConsole]]
    """What the engine would tell: consoles by UUID and kind."""
    kept: dict[tuple[str, str], Path]
    """Where it would keep what is said there, by name and kind."""
    later: list[float]
    """How many seconds the clock of tickets and challenges is ahead."""
    people: People
    issuer: list[Issuer | None]
    """The one of the settings, as the only item."""
    policy: list[str]
    """Of whom a security key is wanted, as the only item."""
    site: list[Site]
    """What security keys are made for, as the only item."""

    async def post(self, path: str, body: Any = None, **params: Any) -> httpx2.Response:
        return await self.client.post(f"/v1{path}", json=body, params=params)

    async def get(self, path: str, **params: Any) -> httpx2.Response:
        return await self.client.get(f"/v1{path}", params=params)

    async def create(self, name: str, **body: Any) -> str:
        """A running guest; its UUID."""
        answer = await self.post("/domains", {"text": f"name={name}"} | body, wait=10)
        assert answer.status_code == 200, answer.text
        uuid: str = answer.json()["job"]["result"]["uuid"]
        return uuid

    def console(self, ref: str, query: str = "") -> Any:
        path = f"ws://xend/v1/domains/{ref}/console{query}"
        return websockets.unix_connect(str(self.socket), path, compression=None)

    async def raw(self, content: bytes) -> tuple[int, dict[str, Any]]:
        """Status and body of the answer to bytes sent as they are."""
        reader, writer = await asyncio.open_unix_connection(self.socket)
        try:
            writer.write(content)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            return int(head.split()[1]), json.loads(await reader.readexactly(length))
        finally:
            writer.close()
            with suppress(ConnectionError):  # xend may have closed before it read all
                await writer.wait_closed()


async def read_old_config(text: str, file: str) -> OldConfig:
    """In this process."""
    return read_sxp(text, file)


@asynccontextmanager
async def running_xend(folder: Path, world: World | None = None) -> AsyncIterator[Xend]:
    world = world or World()
    manager = world.boot()
    await manager.start()
    consoles: dict[str, dict[str, GuestConsole]] = {}
    hub = ConsoleHub(
        lambda uuid: {kind: console.path for kind, console in consoles.get(uuid, {}).items()},
        lambda uuid, kind: consoles[uuid][kind].log,
    )
    read = partial(load, Paths(folder), {})
    keeper = SettingsKeeper(read(), read, lambda _settings: None, EventBus(world.clock, world.published.append))
    editor = SettingsEditor(Paths(folder).settings, OwnFile(Paths(folder).registry), keeper)
    old_config = OldConfigImport(Paths(folder).old_settings, read_old_config, editor, OldConfigMark(DiskFiles(folder)))
    kept: dict[tuple[str, str], Path] = {}
    logs = KeptLogs(lambda name, kind: kept.get((name, kind)))
    tokens = Tokens(DiskFiles(folder))
    await tokens.load()
    people = People(Admitted(("ada",), ("@ops",), ("vic",)), GROUPS.get, "own", time.time)
    issuer: list[Issuer | None] = [None]
    logins = Logins(tokens, people, Attempts(time.time, 5), Attempts(time.time, 50), check, time.time, lambda: 12)
    audit: list[dict[str, Any]] = []
    later = [0.0]
    tickets = Tickets(lambda: time.time() + later[0])
    about = About("1.2.3", 4711, str(folder), 1000.0)
    uid = Settings((folder,)).login_uid if os.geteuid() == 0 else None
    through_issuer = ThroughIssuer(logins, lambda: issuer[0], Issuers(uid, time.time), time.time)
    store = SecurityKeyStore(DiskFiles(folder))
    await store.load()
    policy = ["off"]
    site = [Site("alpha.example", "https://alpha.example:8006")]
    keys = SecondFactor(logins, store, Proofs(uid), lambda: policy[0], lambda: site[0], lambda: time.time() + later[0])
    doors = Doors(
        manager,
        hub,
        logs,
        about,
        editor,
        old_config,
        logins,
        audit.append,
        tickets=tickets,
        desktops=DesktopSessions(UID),
        rdp_view=no_view,
        through_issuer=through_issuer,
        second_factor=keys,
        login_links=LoginLinks(logins, lambda: "https://alpha.example:8006", lambda: time.time() + later[0]),
        handovers=Handovers(logins, lambda: time.time() + later[0]),
    )
    door, web = folder / "xend.sock", folder / "web.sock"
    listeners = [listen(door, "xen"), listen_for_web(web, None)]
    stop, ready, tasks = asyncio.Event(), asyncio.Event(), Tasks()
    server = tasks.start(serve(make_app(doors), listeners, stop, ready=ready.set), name="server")
    await ready.wait()
    transport = httpx2.AsyncHTTPTransport(uds=str(door))
    try:
        async with httpx2.AsyncClient(transport=transport, base_url=URL, timeout=30) as client:
            known = (world, manager, doors, client, consoles, kept, later, people, issuer, policy, site)
            yield Xend(door, web, audit, *known)
    finally:
        doors.stopping.set()
        await hub.close()
        stop.set()
        await server
        await manager.close()
