"""A look at an NBD server: whether what it offers can be read. Only as much of the protocol as that takes.

https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
"""

from __future__ import annotations

import asyncio
import os
import struct
from typing import Any

_GREETING = struct.Struct(">8s8sH")
_OPTION = struct.Struct(">I8sII")
_OFFERED = struct.Struct(">QH")
_REQUEST = struct.Struct(">IHHQQI")
_REPLY = struct.Struct(">IIQ")

_MAGIC, _OPTION_MAGIC = b"NBDMAGIC", b"IHAVEOPT"
_REQUEST_MAGIC, _REPLY_MAGIC = 0x25609513, 0x67446698
_NEW_STYLE_WITHOUT_ZEROES = 3
_EXPORT_NAME = 1
_READ = 0

SECTOR = 512


class Unreadable(Exception):
    """What is offered cannot be read any more, and why."""


class Reader:
    """A connection to the only export of a server, which has no name."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def greet(self) -> None:
        """Raises ConnectionError, EOFError for one that is no such server."""
        magic, option, _ = _GREETING.unpack(await self._reader.readexactly(_GREETING.size))
        if (magic, option) != (_MAGIC, _OPTION_MAGIC):
            raise ConnectionError("it does not speak NBD")
        self._writer.write(_OPTION.pack(_NEW_STYLE_WITHOUT_ZEROES, _OPTION_MAGIC, _EXPORT_NAME, 0))
        await self._reader.readexactly(_OFFERED.size)

    async def read_first(self) -> None:
        """Read the first sector. Raises Unreadable, and ConnectionError or EOFError when the server has ended it."""
        self._writer.write(_REQUEST.pack(_REQUEST_MAGIC, 0, _READ, 0, 0, SECTOR))
        magic, error, _ = _REPLY.unpack(await self._reader.readexactly(_REPLY.size))
        if magic != _REPLY_MAGIC:
            raise ConnectionError("it does not speak NBD")
        if error:
            raise Unreadable(os.strerror(error))
        await self._reader.readexactly(SECTOR)

    def close(self) -> None:
        self._writer.close()


async def connect(address: Any) -> Reader:
    """To a socket of this host that listens, where that says it is (getsockname). Raises OSError, EOFError."""
    if isinstance(address, str):
        streams = await asyncio.open_unix_connection(address)
    else:
        streams = await asyncio.open_connection(address[0], address[1])
    reader = Reader(*streams)
    try:
        await reader.greet()
    except BaseException:
        reader.close()
        raise
    return reader
