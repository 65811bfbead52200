"""Who is at the other end of a unix socket: a user of this host, or xenia-web, which speaks for who shows a token.

xenia-web itself has no rights here. What comes through its door is worth what the token is that comes with it, so who
has taken it over has what its users send while they are there, and no more.
"""

from __future__ import annotations

import asyncio
import functools
import os
import pwd
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import HTTPConnection
from uvicorn.protocols.http.h11_impl import H11Protocol

from xenia.api.ascii_json import ascii_json
from xenia.api.doors import Doors, DoorsOf
from xenia.api.roles import Reach, needed_for, refusal
from xenia.api.sight import sight_of
from xenia.lib import web
from xenia.manager.logins.tickets import refused
from xenia.manager.names import resolve
from xenia.model.caller import Caller, Role
from xenia.model.errors import XeniaError, denied, invalid, not_found, unauthenticated

_BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n"
)
_LONGEST_ADDRESS = 64

_UCRED = struct.Struct("=iII")  # pid, uid, gid: struct ucred of unix(7)


@dataclass(frozen=True, slots=True)
class Peer:
    """One connection: the user id of its other end as the kernel tells it, and a way to cut it off at once.

    `uid` is None where the kernel cannot tell (the connection does not come over a unix socket). `web` is whether it
    came through the door of xenia-web.
    """

    uid: int | None
    web: bool
    abort: Callable[[], None]


class PeerProtocol(H11Protocol):
    """uvicorn's HTTP protocol that puts the `Peer` into the state of every request and WebSocket of its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn itself
        super().connection_made(transport)
        by_web = Path(transport.get_extra_info("sockname") or "").name == web.SOCKET
        peer = Peer(_uid_of(transport.get_extra_info("socket")), by_web, transport.abort)
        self.app_state = self.app_state | {"peer": peer}

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is told so as a problem, as every other error is; in the midst of an answer it only ends."""
        if self.cycle is None or self.cycle.response_complete:
            problem = invalid(msg.rstrip("."), "xend speaks HTTP/1.1, WebSocket and JSON").problem() | {"status": 400}
            content = ascii_json(problem).encode()
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


async def identify(connection: HTTPConnection, doors: DoorsOf) -> Caller:
    """The caller of this request. Every route depends on it but that of the login. A ticket counts where there is one,
    for the WebSocket alone that it is for.

    Raises denied for one whom nobody vouches for, unauthenticated for one who comes over the network without a token
    that is good, and denied for one who has not the role that the route asks for.
    """
    address, (uid, by_web) = address_of(connection), _vouched(connection)
    if ticket := _ticket_of(connection):
        caller = await _by_ticket(connection, doors, ticket, address)
    else:
        caller = await doors.logins.caller_of(_secret_of(connection), address) if by_web else caller_of(uid)
    connection.scope["state"]["caller"] = caller
    needed = needed_for(connection)
    if needed.reach is Reach.DOMAIN and caller.grants:
        caller = await _on_domain(connection, doors, caller)
        connection.scope["state"]["caller"] = caller
    if (caller.highest if needed.reach is Reach.OWN else caller.role) < needed.role:
        raise refusal(connection, caller)
    return caller


async def _on_domain(connection: HTTPConnection, doors: Doors, caller: Caller) -> Caller:
    """`caller` with the role that they have on the domain which the path names. From here on the path names it by its
    whole name, so that nothing else is found by it than what was looked at. Raises not_found, and invalid for an
    ambiguous beginning of a name, as if there were only the domains that they may see.
    """
    parameters = connection.scope["path_params"]
    sight = await sight_of(doors, caller)
    domain = resolve(parameters["ref"], await sight.inventory.seen(sight.sees))
    if domain.name.isdecimal():
        hint = "a name of digits alone could be the id of another one: ask an administrator of the host to change it"
        raise not_found(f"there is no domain '{domain.name}' by that name", hint)
    connection.scope["path_params"] = {**parameters, "ref": domain.name}
    role = sight.role_on(domain)
    return replace(caller, role=role, granted=True) if role > caller.role else caller


def address_of(connection: HTTPConnection) -> str:
    """Where who asks comes from, as xenia-web says; "" for this host. Raises denied for one whom nobody vouches for."""
    _, by_web = _vouched(connection)
    address = connection.headers.get(web.ADDRESS_HEADER, "?")[:_LONGEST_ADDRESS] if by_web else ""
    connection.scope["state"]["address"] = address
    return address


def note_asker(connection: HTTPConnection, name: str) -> None:
    """Who says to be asking, where nobody is known yet."""
    connection.scope["state"]["asker"] = name


def _vouched(connection: HTTPConnection) -> tuple[int, bool]:
    """The user id at the other end, and whether it came through the door of xenia-web. Raises denied where the kernel
    does not tell.
    """
    peer: Peer | None = connection.scope.get("state", {}).get("peer")
    if peer is None or peer.uid is None:
        raise denied("xend answers only on its unix sockets, where the kernel tells who is asking")
    return peer.uid, peer.web


def _secret_of(connection: HTTPConnection) -> str:
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise unauthenticated("nobody has logged in", "log in: POST /v1/login, or xm login URL")
    return secret.strip()


def _ticket_of(connection: HTTPConnection) -> str:
    offered: list[str] = connection.scope.get("subprotocols", [])
    return next((each.removeprefix(web.TICKET) for each in offered if each.startswith(web.TICKET)), "")


async def _by_ticket(connection: HTTPConnection, doors: Doors, secret: str, address: str) -> Caller:
    """Who the ticket was made for. Raises unauthenticated for one that is not for this."""
    ticket = doors.tickets.take(secret)
    try:
        domain = await doors.manager.inventory.look_up(connection.path_params.get("ref", ""))
    except XeniaError as error:
        raise refused() from error
    if domain.uuid != ticket.uuid or connection.url.path.rpartition("/")[2] != ticket.door:
        raise refused()
    return replace(await doors.logins.still(ticket.caller), address=address)


CallerOf = Annotated[Caller, Depends(identify)]
