"""Sending an image to xend, over WebSocket."""

from __future__ import annotations

import json
import select
import time

from websockets.frames import Frame, Opcode
from websockets.protocol import Event

from xenia.client.errors import ClientError
from xenia.client.http import Client, quote
from xenia.client.websocket import WebSocket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, BinaryIO, Self

_FRAME = 64 << 10
"""Bytes: xend takes no larger ones."""
_AHEAD = 2.0
"""Seconds of what goes through, that may be on the way: more would keep the answers to pings waiting."""
_LEAST_AHEAD, _MOST_AHEAD = 512 << 10, 8 << 20


class Upload(WebSocket):
    """`job` is as xend last told it, {} before it did; `received` how many bytes have come there."""

    job: dict[str, Any] = {}  # noqa: RUF012 (never changed, only replaced)
    received = 0

    @classmethod
    def connect(cls, client: Client, path: str, size: int, *, seconds: float = 60) -> Self:
        """Begin with the new image `path` of `size` bytes.

        Raises ClientError: unreachable, timed_out, or xend's reason for refusing.
        """
        return cls.open(client, f"/images/upload?path={quote(path)}&size={size}", f"the way to '{path}'", seconds)

    def _take(self, event: Event) -> bool:
        if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
            told = json.loads(bytes(event.data))
            self.job = told.get("job", self.job)
            self.received = told.get("received", self.received)
            return False
        return super()._take(event)

    def send_file(self, file: BinaryIO, show: Callable[[int], None]) -> dict[str, Any]:
        """Send all that is in `file`, and return the job when it has ended. `show` is told how many bytes have come.

        Raises ClientError where xend goes away first, and OSError where the file cannot be read.
        """
        begun, sent, whole = time.monotonic(), 0, False
        while self.end is None:
            self.receive()
            show(self.received)
            if not whole and not self.unsent and sent - self.received < _ahead(self.received, begun):
                content = file.read(_FRAME)
                self.send(content)
                sent += len(content)
                whole = not content
            elif self.end is None:
                select.select([self], [self] if self.unsent else [], [])
                self.flush()
        if self.job.get("state", "running") == "running":
            raise ClientError(
                f"it was cut off: {self.end}", kind="unreachable", hint="nothing of it is left there; send it again"
            )
        return self.job


def _ahead(received: int, begun: float) -> float:
    """How many bytes may be on the way, after so many have come."""
    speed = received / max(time.monotonic() - begun, 0.001)
    return min(max(speed * _AHEAD, _LEAST_AHEAD), _MOST_AHEAD)
