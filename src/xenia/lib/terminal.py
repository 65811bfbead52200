"""A character device as a transport: a terminal (pty), or a device that carries a protocol."""

from __future__ import annotations

import asyncio
import os
import termios
import tty

_CHUNK = 64 * 1024
_HIGH_WATER = 16 * 1024


class DeviceTransport(asyncio.Transport):
    """Reads and writes `descriptor`, which must be non-blocking, in the running loop, and closes it at its end.

    Its protocol is asyncio's: connection_made, data_received, pause_writing, resume_writing, connection_lost.
    """

    def __init__(self, descriptor: int, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._unsent = bytearray()
        self._high = _HIGH_WATER
        self._paused = False
        protocol.connection_made(self)
        self._loop.add_reader(descriptor, self._readable)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """How many bytes may wait before the protocol is told to pause; `low` is always a quarter of that."""
        del low
        self._high = _HIGH_WATER if high is None else high

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._descriptor < 0:
            return
        if not self._unsent:
            data = memoryview(data)[self._send(bytes(data)) :]
        if data and self._descriptor >= 0:
            if not self._unsent:
                self._loop.add_writer(self._descriptor, self._writable)
            self._unsent += data
            if len(self._unsent) > self._high and not self._paused:
                self._paused = True
                self._protocol.pause_writing()

    def _send(self, data: bytes) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._end(error)
            return len(data)

    def _writable(self) -> None:
        del self._unsent[: self._send(bytes(self._unsent))]
        if self._descriptor < 0:
            return
        if not self._unsent:
            self._loop.remove_writer(self._descriptor)
        if self._paused and len(self._unsent) <= self._high // 4:
            self._paused = False
            self._protocol.resume_writing()

    def _readable(self) -> None:
        try:
            data = os.read(self._descriptor, _CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(error)
            return
        if data:
            self._protocol.data_received(data)
        else:
            self._end(None)

    def is_closing(self) -> bool:
        return self._descriptor < 0

    def close(self) -> None:
        """What has not been sent is dropped."""
        self._end(None)

    abort = close

    def _end(self, error: Exception | None) -> None:
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        self._loop.remove_reader(descriptor)
        self._loop.remove_writer(descriptor)
        self._unsent.clear()
        os.close(descriptor)
        self._loop.call_soon(self._protocol.connection_lost, error)


def open_terminal(path: str | os.PathLike[str]) -> int:
    """A terminal, non-blocking and raw: bytes pass as they are, and it does not become ours. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        tty.setraw(descriptor, termios.TCSANOW)
    except (OSError, termios.error) as error:
        os.close(descriptor)
        raise OSError(*error.args) from error
    return descriptor
