"""Talking to the kernel about interfaces, addresses, routes and rules (man 7 rtnetlink), message by message.

A message is kept as the bytes that the kernel told, with its attributes beside them: so what is read can be said again
with one attribute changed, and nothing is lost that this program does not know.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import TracebackType

NEWLINK, DELLINK, GETLINK, SETLINK = 16, 17, 18, 19
NEWADDR, DELADDR, GETADDR = 20, 21, 22
NEWROUTE, DELROUTE, GETROUTE = 24, 25, 26
NEWNEIGH, DELNEIGH, GETNEIGH = 28, 29, 30
NEWRULE, DELRULE, GETRULE = 32, 33, 34
NEWLINKPROP, DELLINKPROP = 108, 109

EXCL, CREATE, APPEND = 0x200, 0x400, 0x800
_REQUEST, _ACK, _DUMP = 0x1, 0x4, 0x300
_DUMP_INTERRUPTED = 0x10
_ACK_TLVS = 0x200
_ERROR, _DONE = 2, 3
_NESTED = 0x8000
_KIND = 0x3FFF
_SOL_NETLINK, _EXT_ACK, _CAP_ACK = 270, 11, 10
_EXT_ACK_TEXT = 1
_HEADER = struct.Struct("=LHHLL")
_ATTRIBUTE = struct.Struct("=HH")
_ATTEMPTS = 10

FIXED = {NEWLINK: 16, NEWADDR: 8, NEWROUTE: 12, NEWNEIGH: 12, NEWRULE: 12}
"""Bytes of the struct before the attributes, by the kind of message."""


@dataclass(frozen=True, slots=True)
class Message:
    """`head` is the fixed struct of the kind of message, `attributes` what follows it, in the kernel's order."""

    head: bytes
    attributes: tuple[tuple[int, bytes], ...] = ()

    def get(self, kind: int) -> bytes | None:
        """The first attribute of that kind."""
        return next((value for each, value in self.attributes if each == kind), None)

    def number(self, kind: int) -> int | None:
        """An attribute of four bytes, as a number."""
        value = self.get(kind)
        return None if value is None else int(struct.unpack("=I", value)[0])

    def having(self, values: Mapping[int, bytes | None]) -> Message:
        """With these attributes, in place of those of the same kind; None takes one away."""
        kept = [(kind, values.get(kind, value)) for kind, value in self.attributes]
        there = {kind for kind, _ in self.attributes}
        added = [(kind, value) for kind, value in values.items() if kind not in there]
        return replace(self, attributes=tuple((kind, value) for kind, value in (*kept, *added) if value is not None))

    def packed(self) -> bytes:
        return self.head + pack(self.attributes)


def unpacked(content: bytes, fixed: int) -> Message:
    """A message from its bytes, the first `fixed` of which are the struct."""
    return Message(content[:fixed], tuple(attributes(content[fixed:])))


def attributes(content: bytes) -> Iterable[tuple[int, bytes]]:
    """Kind and value of each attribute."""
    place = 0
    while place + 4 <= len(content):
        length, kind = _ATTRIBUTE.unpack_from(content, place)
        if length < 4:
            return
        yield kind & _KIND, content[place + 4 : place + length]
        place += (length + 3) & ~3


def pack(values: Iterable[tuple[int, bytes]]) -> bytes:
    return b"".join(_ATTRIBUTE.pack(len(value) + 4, kind) + value + bytes(-len(value) % 4) for kind, value in values)


def nested(kind: int, values: Iterable[tuple[int, bytes]]) -> tuple[int, bytes]:
    """An attribute that holds others."""
    return kind | _NESTED, pack(values)


def text(value: str) -> bytes:
    return value.encode() + b"\0"


def number(value: int) -> bytes:
    return struct.pack("=I", value)


class Rtnetlink:
    """A conversation with the kernel of the network namespace of the calling thread. A context that closes it."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        for option in (_EXT_ACK, _CAP_ACK):
            self._socket.setsockopt(_SOL_NETLINK, option, 1)
        self._socket.bind((0, 0))
        self._sequence = 0

    def __enter__(self) -> Rtnetlink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def dump(self, kind: int, head: bytes) -> list[Message]:
        """All that there is of a kind (GETLINK ...), in one moment. Raises OSError."""
        for _ in range(_ATTEMPTS):
            found, whole = self._dump(kind, head)
            if whole:
                break
        return found

    def _dump(self, kind: int, head: bytes) -> tuple[list[Message], bool]:
        self._send(kind, _DUMP, head)
        found: list[Message] = []
        whole = True
        while True:
            for told, flags, content in self._receive():
                whole = whole and not flags & _DUMP_INTERRUPTED
                if told == _DONE:
                    return found, whole
                if told == _ERROR:
                    _raise(content, flags)
                found.append(unpacked(content, FIXED[kind - 2]))

    def ask(self, kind: int, message: Message, flags: int = 0) -> None:
        """Have something done. Raises OSError, with the kernel's own words where it has some."""
        self._send(kind, _ACK | flags, message.packed())
        while True:
            for told, told_flags, content in self._receive():
                if told == _ERROR:
                    return _raise(content, told_flags)

    def _send(self, kind: int, flags: int, content: bytes) -> None:
        self._sequence += 1
        head = _HEADER.pack(len(content) + _HEADER.size, kind, _REQUEST | flags, self._sequence, 0)
        self._socket.send(head + content)

    def _receive(self) -> Iterable[tuple[int, int, bytes]]:
        """Kind, flags and content of each message of one answer."""
        answer = self._socket.recv(1 << 20)
        place = 0
        while place + _HEADER.size <= len(answer):
            length, kind, flags, sequence, _ = _HEADER.unpack_from(answer, place)
            if sequence == self._sequence:
                yield kind, flags, answer[place + _HEADER.size : place + length]
            place += (length + 3) & ~3


def _raise(content: bytes, flags: int) -> None:
    """Raises what an NLMSG_ERROR tells; nothing where it only says that all is well."""
    (code,) = struct.unpack_from("=i", content)
    if code == 0:
        return
    said = ""
    if flags & _ACK_TLVS:
        # Behind the code there is the header of what was asked, without its content (NETLINK_CAP_ACK).
        told = dict(attributes(content[4 + _HEADER.size :]))
        said = told.get(_EXT_ACK_TEXT, b"").rstrip(b"\0").decode(errors="replace")
    raise OSError(-code, said or os.strerror(-code))


def without(error: OSError, *codes: int) -> None:
    """Raises `error` again, unless it is one of `codes` (errno)."""
    if error.errno not in codes:
        raise error


GONE = (errno.ESRCH, errno.ENOENT, errno.EADDRNOTAVAIL, errno.ENODEV)
"""What the kernel says of something that is to be removed and is not there."""
