"""The way from a port of this machine to the screen of a guest, for programs of the same user."""

from __future__ import annotations

import os
import select
import socket
import sys

from xenia.cli.errors import say
from xenia.client.console import Console
from xenia.client.errors import ClientError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from typing import Any

    from xenia.client.http import Client

_PIECE = 1 << 16
_LONGEST_WAIT = 1.0


class Tunnel:
    """Each program that connects gets a way of its own. To be closed; used in a `with`, it is."""

    def __init__(self, client: Client, ref: str) -> None:
        """Raises ClientError: what speaks against it is said before a viewer shows an empty window."""
        self._client = client
        self._ref = ref
        self._ways: dict[socket.socket, Console] = {}
        self._open().close()
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def place(self) -> tuple[str, int]:
        """Address and port, where programs connect."""
        host, port = self._listener.getsockname()
        return host, port

    def __enter__(self) -> Tunnel:
        return self

    def __exit__(self, *_: object) -> None:
        for program, way in self._ways.items():
            _end(program, way)
        self._listener.close()

    def serve(
        self,
        viewer: subprocess.Popen[bytes] | None,
        *,
        connected: Callable[[], None] = lambda: None,
        closes: bool = False,
    ) -> None:
        """Until the viewer has ended, or without one until Ctrl-C. `connected` is called for each program that comes.
        `closes`: the viewer is ended when the guest is gone.
        """
        while viewer is None or viewer.poll() is None:
            waiting: list[Any] = [self._listener, *self._ways, *self._ways.values()]
            unsent = [way for way in self._ways.values() if way.unsent]
            readable, _, _ = select.select(waiting, unsent, [], _LONGEST_WAIT)
            if self._listener in readable and self._admit():
                connected()
            for program, way in list(self._ways.items()):
                if not _carry(program, way, readable):
                    _end(program, self._ways.pop(program))
                    if closes and viewer is not None and way.end is not None and not way.lost:
                        viewer.terminate()

    def _open(self) -> Console:
        return Console.connect(self._client, self._ref, door="vncviewer")

    def _admit(self) -> bool:
        program, _ = self._listener.accept()
        try:
            if _is_of(program, os.getuid()):
                self._ways[program] = self._open()
                return True
        except ClientError as error:  # the guest has gone, or xend for now: the program is told by the end
            say(error.message)
        program.close()
        return False


def _is_of(program: socket.socket, uid: int) -> bool:
    """Whether the program at the other end of a connection of this machine is one of the user `uid`, or of root: others
    reach the port, too (proc(5), /proc/net/tcp).
    """
    address, port = program.getpeername()
    there = f"{int.from_bytes(socket.inet_aton(address), sys.byteorder):08X}:{port:04X}"
    with open("/proc/net/tcp") as connections:
        lines = [line.split() for line in connections]
    return any(words[1] == there and words[7] in (str(uid), "0") for words in lines[1:])


def _carry(program: socket.socket, way: Console, readable: list[Any]) -> bool:
    """What there is, both ways; whether it goes on."""
    try:
        if program in readable:
            typed = program.recv(_PIECE)
            if not typed:
                return False
            way.send(typed)
        way.flush()
        if data := way.receive():
            program.sendall(data)
    except OSError:
        return False
    return way.end is None


def _end(program: socket.socket, way: Console) -> None:
    if way.end is not None:
        say(f"the screen has ended: {way.end}")
    way.close()
    program.close()
