"""Between xend and the process at the doors: one packet a message, JSON, with one descriptor at most."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Callable
from typing import Any

_LARGEST = 1 << 16

Hear = Callable[[dict[str, Any], int | None], None]


class Channel:
    """`hear` is called with each message and the descriptor that came along, which is its own then; `lost`, once, when
    the other end has gone. `connection` is a socket of packets (SOCK_SEQPACKET), closed by `close`.
    """

    def __init__(self, connection: socket.socket, hear: Hear, lost: Callable[[], None]) -> None:
        connection.setblocking(False)
        self._connection = connection
        self._hear = hear
        self._lost = lost
        self._closed = False
        asyncio.get_running_loop().add_reader(connection, self._read)

    def send(self, message: dict[str, Any], descriptor: int | None = None) -> None:
        """The other end has a copy of `descriptor`. Silent when it has gone: `lost` tells."""
        if self._closed:
            return
        try:
            socket.send_fds(
                self._connection, [json.dumps(message).encode()], [] if descriptor is None else [descriptor]
            )
        except OSError:  # also when it does not keep up: it is of no use then
            self._end()

    def _read(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._connection, _LARGEST, 1)
        except BlockingIOError:
            return
        except OSError:
            data, descriptors = b"", []
        message = _parsed(data)
        if message is not None:
            self._hear(message, descriptors[0] if descriptors else None)
            return
        for each in descriptors:
            os.close(each)
        self._end()

    def _end(self) -> None:
        if not self._closed:
            self.close()
            self._lost()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            asyncio.get_running_loop().remove_reader(self._connection)
            self._connection.close()


def _parsed(data: bytes) -> dict[str, Any] | None:
    """None for nothing, and for what is no message: whoever says that is of no use."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
