"""RDCleanPath: whatever a browser and a guest say, a PDU is the answer, and the guest hears one request at most."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

from tests.support.rdcleanpath import decode, request
from tests.support.rdp_server import CONFIRM, PLAIN_CONFIRM, REQUEST

from xenia.desktop.relay import Guest, serve
from xenia.lib.wire import Wire

_TLS = cast(ssl.SSLContext, object())
_CERTIFICATE = b"\x30\x03\x02\x01\x07"
WORDS = (
    request(REQUEST), REQUEST, CONFIRM, PLAIN_CONFIRM, b"\x30\x82\x10\x00", b"\xa0\x04\x02\x02\x0d\x3e", b"\xa1\x80",
    b"\xa2\x03\x0c\x01x", b"\xa3\x03\x0c\x01x", b"\xa5\x03\x0c\x01x", b"\xa6\x15\x04\x13", b"\xa7\x00", b"\x04\x13",
    b"\x0c\x81\x01", b"\x30\x80", b"\x02\x02\x0d\x3e", b"\x03\x00\x00\x13\x0e\xd0", b"\x03\x00\x00\x13\x0e\xe0",
)  # fmt: skip


class _Server(Wire):
    """A guest's RDP server, by TLS that is transparent."""

    async def start_tls(self, sslcontext: ssl.SSLContext, /) -> None:
        del sslcontext
        await self.drain()

    def certificate(self) -> bytes:
        return _CERTIFICATE


def one(data: bytes) -> None:
    """The first byte says how much of the rest the browser says; the guest says what is left."""
    if data:
        asyncio.run(_serve(data[1 : 1 + data[0]], data[1 + data[0] :]))


async def _serve(asked: bytes, answered: bytes) -> None:
    with _other_end(asked) as (browser, seen), _other_end(answered) as (server, heard):
        await serve(Wire(seen), _Server(heard), Guest("192.0.2.7", _TLS), seconds=60)
        told, passed_on = _all_of(browser), _all_of(server)
    if not told:
        assert not passed_on, "the guest hears of who has said nothing"
        return
    answer = decode(told)
    if answer.chain is not None:
        assert (answer.chain, answer.address) == ([_CERTIFICATE], "192.0.2.7")
        assert answer.x224 == answered[: len(answer.x224 or b"")]
        assert passed_on[0] == 3
        assert passed_on[: int.from_bytes(passed_on[2:4])] in asked
    else:
        assert answer.error is not None
        assert passed_on in asked
        assert answer.error == (2, None) or answer.error[1] in (400, 408, 413, 501, 502, 504)


@contextmanager
def _other_end(said: bytes) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Somebody who has said this and says no more, and the connection to them."""
    theirs, ours = socket.socketpair()
    with theirs, ours:
        theirs.sendall(said)
        theirs.shutdown(socket.SHUT_WR)
        yield theirs, ours


def _all_of(connection: socket.socket) -> bytes:
    heard = b""
    with suppress(ConnectionResetError):  # it was not listened to any more
        while piece := connection.recv(1 << 16):
            heard += piece
    return heard
