"""The xenstore protocol on the wire, without I/O.

Source: Xen docs/misc/xenstore.txt and public/io/xs_wire.h: a header of four 32-bit numbers (type, request, transaction,
length) and at most 4,096 bytes of payload; strings end in a NUL.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

PAYLOAD_LIMIT = 4096

_HEADER = struct.Struct("=IIII")


class Kind(IntEnum):
    """The messages that are used here (enum xsd_sockmsg_type)."""

    DIRECTORY = 1
    READ = 2
    WATCH = 4
    UNWATCH = 5
    TRANSACTION_START = 6
    TRANSACTION_END = 7
    WRITE = 11
    RM = 13
    SET_PERMS = 14
    WATCH_EVENT = 15
    ERROR = 16
    RESUME = 18
    DIRECTORY_PART = 22


@dataclass(frozen=True, slots=True)
class Message:
    """`kind` is a plain number: a newer xenstored may send what is unknown here."""

    kind: int
    request: int
    transaction: int
    payload: bytes

    @property
    def strings(self) -> list[str]:
        """The payload as strings, each ended by a NUL or by the end."""
        text = self.payload.decode("utf-8", "surrogateescape")
        return text.removesuffix("\0").split("\0") if text else []


def encode(message: Message) -> bytes:
    """Raises ValueError for a payload that is too long."""
    if len(message.payload) > PAYLOAD_LIMIT:
        raise ValueError(f"a payload of {len(message.payload)} bytes: xenstore takes {PAYLOAD_LIMIT}")
    return _HEADER.pack(message.kind, message.request, message.transaction, len(message.payload)) + message.payload


def strings(*texts: str) -> bytes:
    """`texts` as a payload, each ended by a NUL."""
    return b"".join(text.encode("utf-8", "surrogateescape") + b"\0" for text in texts)


class Decoder:
    """Bytes as they come to messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that `data` completes. Raises ValueError for what cannot be xenstore's protocol."""
        self._buffer += data
        while len(self._buffer) >= _HEADER.size:
            kind, request, transaction, length = _HEADER.unpack_from(self._buffer)
            if length > PAYLOAD_LIMIT:
                raise ValueError(f"a message of {length} bytes: xenstore sends at most {PAYLOAD_LIMIT}")
            end = _HEADER.size + length
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[_HEADER.size : end])
            del self._buffer[:end]
            yield Message(kind, request, transaction, payload)
