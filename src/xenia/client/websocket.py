"""A WebSocket to xend, for one that waits for other things in the same place.

The protocol is the websockets library's, without its threads and event loop: a terminal waits for its keyboard and this
socket in one place, and one thread that owns the terminal is what restores it for certain.
"""

from __future__ import annotations

import json
import socket
import time

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import SEND_EOF, Event, State
from websockets.uri import parse_uri

from xenia.client.errors import ClientError
from xenia.client.http import Client

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

_LOST = frozenset({1001, 1006, 1011, 1012, 1013, 4001})
"""Close codes after which it is worth to connect again.

xend going away, no close at all, internal error, restart, try later (RFC 6455), and xend's own for a watcher too slow.
"""

_DATA = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})


class WebSocket:
    """An open one. `end` is None as long as it is that, then xend's words for why it ended.

    `lost` says whether connecting again may help.
    """

    def __init__(self, connection: socket.socket, protocol: ClientProtocol, what: str) -> None:
        self._what = what
        self._connection = connection
        self._protocol = protocol
        self._unsent = bytearray()
        self._received = bytearray()
        self.end: str | None = None
        self.lost = False

    @classmethod
    def open(cls, client: Client, path: str, what: str, seconds: float) -> Self:
        """The one at /v1`path`, which is called `what`.

        Raises ClientError: unreachable, timed_out, or xend's reason for refusing.
        """
        protocol = ClientProtocol(parse_uri(f"ws://localhost/v1{path}"), max_size=None)
        opened = cls(client.connect(seconds), protocol, what)
        try:
            opened._shake_hands(client.headers, time.monotonic() + seconds)
        except BaseException:
            opened.close()
            raise
        return opened

    def _shake_hands(self, headers: Sequence[str], deadline: float) -> None:
        request = self._protocol.connect()
        for line in headers:
            name, _, value = line.partition(": ")
            request.headers[name] = value
        self._protocol.send_request(request)
        for data in self._protocol.data_to_send():
            self._connection.sendall(data)
        while True:
            try:
                self._connection.settimeout(max(deadline - time.monotonic(), 0.001))
                data = self._connection.recv(1 << 16)
            except TimeoutError:
                raise ClientError(f"xend has not opened {self._what} in time", kind="timed_out") from None
            except OSError as error:
                raise ClientError(f"xend went away: {error.strerror}", kind="unreachable") from error
            self._feed(data)
            if self._protocol.handshake_exc is not None:
                raise _refusal(self._protocol.handshake_exc, self._what)
            taken = [self._take(event) for event in self._protocol.events_received()]  # output may follow at once
            if any(taken):
                self._connection.setblocking(False)
                self._note_end()
                return

    def _take(self, event: Event) -> bool:
        """Keep what `event` brings; whether it is the answer to the handshake."""
        if isinstance(event, Response):
            return True
        if isinstance(event, Frame) and event.opcode in _DATA:
            self._received += event.data
        return False

    def _feed(self, data: bytes) -> None:
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._queue()

    def fileno(self) -> int:
        return self._connection.fileno()

    @property
    def unsent(self) -> bool:
        """Whether `flush` has something to do as soon as the socket can be written."""
        return bool(self._unsent)

    def receive(self) -> bytes:
        """What has come since the last call, b"" if nothing. Never waits.

        To be called when the socket can be read, and once at first for what came with the handshake.
        """
        if self.end is None:
            try:
                self._feed(self._connection.recv(1 << 16))
            except BlockingIOError:
                pass
            except OSError as error:
                self.end, self.lost = error.strerror or str(error), True
            else:
                for event in self._protocol.events_received():
                    self._take(event)
                self._note_end()
        received, self._received = bytes(self._received), bytearray()
        self.flush()
        return received

    def send(self, data: bytes) -> None:
        """Never waits: what the socket does not take is kept for `flush`."""
        if self.end is None:
            self._protocol.send_binary(data)
            self._queue()
            self.flush()

    def flush(self) -> None:
        """Write what is unsent, as far as the socket takes it."""
        try:
            while self._unsent:
                del self._unsent[: self._connection.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent.clear()  # whoever reads next is told that the other end has gone

    def _queue(self) -> None:
        for data in self._protocol.data_to_send():
            if data is not SEND_EOF:
                self._unsent += data

    def _note_end(self) -> None:
        close = self._protocol.close_rcvd
        if close is not None:
            self.end, self.lost = close.reason or f"closed with code {close.code}", close.code in _LOST
        elif self._protocol.close_expected() or self._protocol.parser_exc is not None:
            self.end, self.lost = "the connection broke", True

    def close(self) -> None:
        """Let go of it."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
            self._queue()
            self.flush()
        self._connection.close()


def _refusal(error: Exception, what: str) -> ClientError:
    fallback = f"xend refused {what}"
    if not isinstance(error, InvalidStatus):
        return ClientError(f"{fallback}: {error}", kind="unreachable", hint="is xend running? try again: xm list")
    try:
        problem = json.loads(error.response.body or b"")
    except ValueError:
        problem = None
    return ClientError.from_problem(problem, f"{fallback} with status {error.response.status_code}")
