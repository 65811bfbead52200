"""The guests that are seen over RDP: each has a door on the loopback for xrdp, and xrdp is told of them."""

from __future__ import annotations

import errno
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from xenia.model.display import VncRules
from xenia.model.errors import invalid, too_many, unavailable
from xenia.screen.doors import Address, Listen, ScreenDoors, parsed
from xenia.screen.rdp.ini import own_ini_of
from xenia.screen.rdp.own import own_server
from xenia.screen.rdp.server import RdpServer
from xenia.screen.wish import Wish

_LOOPBACK = "127.0.0.1"
_BACKLOG = 16
MOST_OWN = 32
"""Viewers with an xrdp of their own."""


class RdpViews:
    """`wish_of`, `open_screen`, `told`, `refused` and `certificate` are as those of ScreenDoors, and a place is
    `address:port`. The relay is the user `relay_uid`, xrdp the user `uid`; its files are in `folder`.
    """

    def __init__(
        self,
        wish_of: Callable[[str], Wish | None],
        open_screen: Callable[[str], Awaitable[socket.socket]],
        told: Callable[[str, str], None],
        refused: Callable[[str, str], None],
        certificate: Callable[[], tuple[Path, Path]],
        *,
        relay_uid: int | None,
        uid: int | None,
        folder: Path,
        rules: VncRules,
        port: int,
    ) -> None:
        self._wish_of = wish_of
        self._told = told
        self._refused = refused
        self._rules = rules
        self._address = parsed(rules.rdp_listen.strip("[]"))
        self._server = RdpServer(folder, self._address, port, certificate, self._hear, uid=uid)
        self._doors = ScreenDoors(
            self._wish, open_screen, self._door, refused, certificate,
            uid=relay_uid, kept=None, rules=_behind(rules), bind=self._bind, what="RDP", by_door=True,
        )  # fmt: skip
        self._names: dict[str, str] = {}
        self._ports: dict[str, int] = {}
        self._certificate, self._uid, self._own_folder = certificate, uid, folder.with_name(f"{folder.name}-own")
        self._own = 0
        self._why: str | None = None
        """Why xrdp answers nobody, "" when it does, None before that is known."""

    def start(self, listen: Listen, running: Callable[[], Awaitable[Iterable[str]]]) -> None:
        """As that of ScreenDoors."""
        shutil.rmtree(self._own_folder, ignore_errors=True)  # of a xend that was killed
        self._server.start()
        self._doors.start(listen, running)

    def configure(self, rules: VncRules) -> None:
        """For guests that are seen from now on; where xrdp listens stays."""
        self._rules = replace(rules, rdp_listen=self._rules.rdp_listen)
        self._doors.configure(_behind(rules))

    async def close(self) -> None:
        await self._doors.close()
        await self._server.close()

    @asynccontextmanager
    async def own(self, uuid: str) -> AsyncIterator[socket.socket]:
        """A connection to an xrdp that shows the screen of this guest alone, without a password, to whoever may see it;
        it ends with the context. Raises invalid where the guest has no rdp = 1, too_many, unavailable.
        """
        if self._wish_of(uuid) is None:
            raise invalid("the screen of this domain is not shown over RDP", "rdp = 1 in its guest file has it shown")
        if self._own >= MOST_OWN:
            raise too_many(f"{MOST_OWN} screens are seen over RDP already", "close one")
        self._own += 1
        try:
            async with AsyncExitStack() as parts:
                try:
                    door = parts.enter_context(self._doors.own(uuid))
                    ini, certificate = own_ini_of(door.port, door.password), self._certificate()
                    server = own_server(self._own_folder, ini, certificate, uid=self._uid)
                    connection = await parts.enter_async_context(server)
                except OSError as error:
                    raise unavailable(f"the screen cannot be shown over RDP: {error.strerror or error}") from error
                yield connection
        finally:
            self._own -= 1

    def _wish(self, uuid: str) -> Wish | None:
        """Its door is at no place that a guest file names. Asked for whenever something has happened to the guest."""
        wish = self._wish_of(uuid)
        if wish is None:
            return None
        if self._names.get(uuid, wish.name) != wish.name:
            self._names[uuid] = wish.name
            self._show()
        return replace(wish, display=replace(wish.display, vnc_listen=None))

    def _bind(self, wish: Wish, address: Address, before: str) -> tuple[socket.socket, str]:
        del address, before
        if not (self._address.is_loopback or self._rules.password_of(wish.display)):
            raise OSError(
                errno.EACCES,
                f"it has no password, and {self._address} can be reached from elsewhere: vncpasswd in its guest file "
                "(or the setting vnc_password) gives it one, or rdp_listen = 127.0.0.1",
            )
        listener = socket.create_server((_LOOPBACK, 0), backlog=_BACKLOG)
        return listener, f"{_LOOPBACK}:{listener.getsockname()[1]}"

    def _door(self, uuid: str, place: str) -> None:
        wish = self._wish_of(uuid)
        if place and wish is not None:
            self._names[uuid], self._ports[uuid] = wish.name, int(place.rpartition(":")[2])
            self._show()
            if self._why is not None:
                self._tell(uuid)
            return
        self._names.pop(uuid, None)
        if self._ports.pop(uuid, None) is not None:
            self._told(uuid, "")
            self._show()

    def _show(self) -> None:
        if not self._ports:
            self._why = None
        self._server.show({self._names[uuid]: port for uuid, port in self._ports.items()})

    def _hear(self, why: str) -> None:
        """Told once where it stays so."""
        if why == self._why:
            return
        self._why = why
        for uuid in tuple(self._ports):
            self._tell(uuid)

    def _tell(self, uuid: str) -> None:
        self._told(uuid, "" if self._why else self._server.place)
        if self._why:
            self._refused(uuid, self._why)


def _behind(rules: VncRules) -> VncRules:
    """For the doors that xrdp comes in at: RDP has TLS of its own."""
    return VncRules(_LOOPBACK, rules.password)
