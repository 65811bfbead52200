"""A viewer as far as the door: RFB's handshake (RFC 6143) in any of its versions, VeNCrypt, and a guest's screen that
answers everybody.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from contextlib import closing

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

LIMIT = 30.0
INIT = struct.pack(">HH16sI", 2, 1, bytes(16), 4) + b"demo"


class NotLetIn(Exception):
    """The text is what the door says."""


def answer_to(challenge: bytes, password: str) -> bytes:
    """By a library that is not the one of the code."""
    key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password.encode()[:8].ljust(8, b"\0"))
    des = Cipher(TripleDES(3 * key), modes.ECB()).encryptor()  # noqa: S305 (VNC's own)
    return des.update(challenge) + des.finalize()


class Viewer:
    """`version` is that of RFB, as in b"003.008"; `tls` has it come in by VeNCrypt."""

    def __init__(
        self,
        place: tuple[str, int],
        password: str = "",
        *,
        version: bytes = b"003.008",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.connection: socket.socket = socket.create_connection(place, timeout=LIMIT)
        self.kinds = b""
        self._password = password
        self._version = version
        self._tls = tls

    def close(self) -> None:
        self.connection.close()

    def exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.connection.recv(count - len(data))
            if not piece:
                raise EOFError(data)
            data += piece
        return data

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def come_in(self) -> bytes:
        """The name of the screen. Raises NotLetIn, EOFError."""
        assert self.exactly(12) == b"RFB 003.008\n"
        self.send(b"RFB " + self._version + b"\n")
        kind = self._kind()
        if kind == 19:
            kind = self._vencrypt()
        if kind == 2:
            self.send(answer_to(self.exactly(16), self._password))
        if (kind == 2 or self._version >= b"003.008") and self.exactly(4) != bytes(4):
            raise NotLetIn(self._reason() if self._version >= b"003.008" else "")
        return self.look()

    def look(self) -> bytes:
        self.send(b"\1")
        (length,) = struct.unpack(">20xI", self.exactly(24))
        return self.exactly(length)

    def _kind(self) -> int:
        if self._version < b"003.007":
            kind = int.from_bytes(self.exactly(4))
            if kind == 0:
                raise NotLetIn(self._reason())
            return kind
        self.kinds = self.exactly(self.exactly(1)[0])
        if not self.kinds:
            raise NotLetIn(self._reason())
        self.send(self.kinds[:1])
        return self.kinds[0]

    def _vencrypt(self) -> int:
        assert self.exactly(2) == b"\0\2"
        self.send(b"\0\2")
        assert self.exactly(1) == b"\0"
        assert self.exactly(1) == b"\1"
        kind = self.exactly(4)
        self.send(kind)
        assert self.exactly(1) == b"\1"
        assert self._tls is not None
        self.connection = self._tls.wrap_socket(self.connection)
        return {260: 1, 261: 2}[int.from_bytes(kind)]

    def _reason(self) -> str:
        return self.exactly(int.from_bytes(self.exactly(4))).decode()


async def serve_screen(connection: socket.socket) -> None:
    """A guest's screen, that says what it is told."""
    loop = asyncio.get_running_loop()
    connection.setblocking(False)
    with closing(connection):
        await loop.sock_sendall(connection, b"RFB 003.008\n")
        assert await loop.sock_recv(connection, 12) == b"RFB 003.008\n"
        await loop.sock_sendall(connection, b"\1\1")
        assert await loop.sock_recv(connection, 1) == b"\1"
        await loop.sock_sendall(connection, bytes(4))
        assert await loop.sock_recv(connection, 1) == b"\1"
        await loop.sock_sendall(connection, INIT)
        while data := await loop.sock_recv(connection, 1 << 16):
            await loop.sock_sendall(connection, data)
