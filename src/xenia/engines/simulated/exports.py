"""A disk of a simulated guest that is offered over NBD: all of it is zeroes."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress

_GREETING = struct.pack(">8s8sH", b"NBDMAGIC", b"IHAVEOPT", 3)
_OPTION = struct.Struct(">I8sII")
_REQUEST = struct.Struct(">IHHQQI")
_REPLY = struct.Struct(">IIQ")

_REPLY_MAGIC = 0x67446698
_NO_MORE = 13
"""What QEMU says when it could not keep what the guest overwrote (EACCES)."""


class SimulatedExport:
    """`broken` lets nothing of it be read any more; `frozen` tells whether the guest was when it began."""

    def __init__(self, size: int, *, frozen: bool) -> None:
        self.broken = False
        self.frozen = frozen
        self._size = size
        self._clients: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def serve(self, listener: socket.socket) -> None:
        start = asyncio.start_unix_server if listener.family == socket.AF_UNIX else asyncio.start_server
        self._server = await start(self._answer, sock=listener.dup())

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        with suppress(OSError, EOFError):
            writer.write(_GREETING)
            await reader.readexactly(_OPTION.size)
            writer.write(struct.pack(">QH", self._size, 3))
            while True:
                _, _, _, handle, _, length = _REQUEST.unpack(await reader.readexactly(_REQUEST.size))
                writer.write(_REPLY.pack(_REPLY_MAGIC, _NO_MORE if self.broken else 0, handle))
                writer.write(b"" if self.broken else bytes(length))
        writer.close()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._clients:
            writer.close()
