"""The server's end of RFB, as QEMU has it, to the extent that keys take it."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass, field

ACKNOWLEDGED = struct.pack(">BxHHHHHi", 0, 1, 0, 0, 640, 480, -258)


@dataclass
class RfbServer:
    """`kinds` are the ways in that it offers; `before` is what it says before it acknowledges the keys' extension."""

    kinds: bytes = b"\x02\x01"
    before: bytes = b""
    heard: list[tuple[bool, int, int]] = field(default_factory=list)
    """Whether it was pressed, keysym and code of each key."""

    async def serve(self, connection: socket.socket) -> None:
        """Until the client has gone."""
        connection.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=connection)
        try:
            await self._converse(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"RFB 003.008\n")
        assert await reader.readexactly(12) == b"RFB 003.008\n"
        writer.write(bytes([len(self.kinds)]) + self.kinds)
        if not self.kinds:
            writer.write(struct.pack(">I", 8) + b"too many")
        assert await reader.readexactly(1) == b"\x01"
        writer.write(bytes(4))
        assert await reader.readexactly(1) == b"\x01", "others are thrown out"
        writer.write(struct.pack(">HH16xI", 640, 480, 5) + b"guest")
        while True:
            kind = (await reader.readexactly(1))[0]
            if kind == 2:
                assert await reader.readexactly(7) == struct.pack(">xHi", 1, -258)
                writer.write(self.before + ACKNOWLEDGED)
            else:
                assert kind == 255
                subkind, down, keysym, code = struct.unpack(">BHII", await reader.readexactly(11))
                assert subkind == 0
                self.heard.append((bool(down), keysym, code))
