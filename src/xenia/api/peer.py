"""Who is at the other end of the unix socket."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import pwd
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import HTTPConnection
from uvicorn.protocols.http.h11_impl import H11Protocol

from xenia.model.caller import Caller, Role
from xenia.model.errors import denied, invalid

_BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n"
)
_UCRED = struct.Struct("=iII")  # pid, uid, gid: struct ucred of unix(7)


@dataclass(frozen=True, slots=True)
class Peer:
    """One connection: the user id of its other end as the kernel tells it, and a way to cut it off at once.

    `uid` is None where the kernel cannot tell (the connection does not come over a unix socket).
    """

    uid: int | None
    abort: Callable[[], None]


class PeerProtocol(H11Protocol):
    """uvicorn's HTTP protocol that puts the `Peer` into the state of every request and WebSocket of its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn itself
        super().connection_made(transport)
        peer = Peer(_uid_of(transport.get_extra_info("socket")), transport.abort)
        self.app_state = self.app_state | {"peer": peer}

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is told so as a problem, as every other error is; in the midst of an answer it only ends."""
        if self.cycle is None or self.cycle.response_complete:
            problem = invalid(msg.rstrip("."), "xend speaks HTTP/1.1, WebSocket and JSON").problem() | {"status": 400}
            content = json.dumps(problem).encode("ascii")
            self.transport.write(_BAD_REQUEST % len(content) + content)
        self.transport.close()


def _uid_of(connection: Any) -> int | None:
    if connection is None or connection.family != socket.AF_UNIX:
        return None
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return int(_UCRED.unpack(credentials)[1])


def caller_of(uid: int) -> Caller:
    """root and xend's own user are administrators; whoever else may connect is an operator (the socket's group decides
    who may).
    """
    role = Role.ADMINISTRATOR if uid in (0, os.geteuid()) else Role.OPERATOR
    return Caller(uid, _name(uid), role)


@functools.lru_cache(maxsize=256)
def _name(uid: int) -> str:
    """The user's name; kept, since asking a directory service for it may take long."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


async def identify(connection: HTTPConnection) -> Caller:
    """The caller of this request. Every route depends on it. Raises denied for one whom nobody vouches for."""
    peer: Peer | None = connection.scope.get("state", {}).get("peer")
    if peer is None or peer.uid is None:
        raise denied("xend answers only on its unix socket, where the kernel tells who is asking")
    return caller_of(peer.uid)


CallerOf = Annotated[Caller, Depends(identify)]
