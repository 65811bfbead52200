"""RFB, the protocol of VNC (RFC 6143), as far as it takes to press keys.

Keys are sent as QEMU's extension has it (the pseudo-encoding -258 of the RFB registry): by the key's place on the
keyboard, and by its keysym for a server that was told of a layout of its own (-k).
"""

from __future__ import annotations

import asyncio
import socket
import struct
from types import TracebackType

_VERSION = b"RFB 003.008\n"
_NO_AUTHENTICATION = 1
_SHARED = b"\x01"
"""Others who look at the screen go on doing so."""
_EXTENDED_KEYS = -258
_LONGEST = 1 << 20
"""Bytes of one word of the server's."""
_SECONDS = 10.0

_SERVER_INIT = struct.Struct(">HH16xI")
_SET_ENCODINGS = struct.Struct(">BxHi")
_KEY = struct.Struct(">BBHII")
_RECTANGLE = struct.Struct(">HHHHi")


class RfbError(Exception):
    """The server does not do what it takes, or is gone."""


class RfbKeyboard:
    """The keyboard behind `connection`, a socket that does not block, which it closes at its end. To be used in an
    `async with`, which raises RfbError where the server lets nobody in without a password or does not know the keys'
    extension. What is pressed when it ends the server releases.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()

    async def __aenter__(self) -> RfbKeyboard:
        try:
            await self._shake_hands()
            await self.settle()
        except BaseException:
            self._connection.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    async def key(self, *, down: bool, keysym: int, code: int) -> None:
        """Press or release a key: `code` is its scan code (set 1, 0x80 added where it has the prefix 0xe0). Raises
        RfbError.
        """
        await self._send(_KEY.pack(255, 0, down, keysym, code))

    async def settle(self) -> None:
        """Until the server has taken in all that was sent: it answers in order. Raises RfbError."""
        await self._send(_SET_ENCODINGS.pack(2, 1, _EXTENDED_KEYS))
        while not await self._is_acknowledged():
            pass

    async def _shake_hands(self) -> None:
        if await self._receive(len(_VERSION)) != _VERSION:
            raise RfbError("what answers does not speak RFB 3.8")
        await self._send(_VERSION)
        kinds = await self._receive((await self._receive(1))[0])
        if not kinds:
            raise RfbError(await self._reason())
        if _NO_AUTHENTICATION not in kinds:
            raise RfbError("it asks for a password")
        await self._send(bytes([_NO_AUTHENTICATION]))
        if any(await self._receive(4)):
            raise RfbError(await self._reason())
        await self._send(_SHARED)
        _, _, length = _SERVER_INIT.unpack(await self._receive(_SERVER_INIT.size))
        await self._receive(length)

    async def _is_acknowledged(self) -> bool:
        """Read one message: whether it is the server's word that it knows the keys' extension."""
        kind = (await self._receive(1))[0]
        if kind == 2:  # a bell
            return False
        if kind == 3:  # what was copied in the guest
            (length,) = struct.unpack(">3xI", await self._receive(7))
            await self._receive(length)
            return False
        _, count = struct.unpack(">BH", await self._receive(3))
        encodings = [_RECTANGLE.unpack(await self._receive(_RECTANGLE.size))[-1] for _ in range(count)]
        if kind != 0 or encodings != [_EXTENDED_KEYS]:
            raise RfbError("the server says what nobody has asked for")
        return True

    async def _reason(self) -> str:
        (length,) = struct.unpack(">I", await self._receive(4))
        return (await self._receive(length)).decode(errors="replace")

    async def _send(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                await self._loop.sock_sendall(self._connection, data)
        except (OSError, TimeoutError) as error:
            raise RfbError(f"it takes nothing in: {str(error) or 'for too long'}") from None

    async def _receive(self, length: int) -> bytes:
        if length > _LONGEST:
            raise RfbError("the server says more than it has to")
        data = b""
        try:
            async with asyncio.timeout(_SECONDS):
                while len(data) < length:
                    piece = await self._loop.sock_recv(self._connection, length - len(data))
                    if not piece:
                        raise RfbError("the connection was closed")
                    data += piece
        except (OSError, TimeoutError) as error:
            raise RfbError(f"it says nothing: {str(error) or 'for too long'}") from None
        return data
