"""A WebSocket at the front of xenia-web: whatever the frames, xend hears whole messages alone, and all ends."""

from __future__ import annotations

import asyncio

from tests.support.front import Front, NotedXend

HANDSHAKE = (
    b"GET /v1/domains/one/console HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Authorization: Bearer abc\r\nSec-WebSocket-Protocol: binary\r\n\r\n"
)
WORDS = (
    *(bytes([0x80 | code, 0x80]) + bytes(4) for code in (0, 1, 2, 8, 9, 10)),
    *(bytes([code, 0x81]) + bytes(4) + b"x" for code in (0, 1, 2)),
    *(b"\x88\x82\0\0\0\0\x03\xe8", b"\x82\xfe\x00\x7e\0\0\0\0", b"\x82\xff\0\0\0\0\0\1\0\1\0\0\0\0"),
    *(b"\x81\x84\0\0\0\0\xf0\x9f\x98\x80", b"\x81\x82\0\0\0\0\xc3\x28", b"\xc1\x81\0\0\0\0x", b"\x82\x01x"),
    *(b"Sec-WebSocket-Protocol: xenia.ticket.abc, binary\r\n", b"Origin: https://here\r\n", b"Upgrade: websocket\r\n"),
)
_LARGEST = 64 * 1024
_MESSAGES = (b"hello", "Gr\u00fc\u00dfe", b"", b"x" * 70_000)
_FRONT = Front()


def one(data: bytes) -> None:
    """The first byte says what xend does, the second in what pieces the rest comes. It is frames where the first is
    below 128, and a handshake of its own otherwise.
    """
    if len(data) < 2:
        return
    does, size, said = data[0], data[1] or 1_000, data[2:]
    xend = NotedXend(b"", _MESSAGES[: does % 5], ends=bool(does & 64))
    begun = [] if does & 128 else [HANDSHAKE]
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    told = asyncio.run(_FRONT.visited([*begun, *pieces[:50]], xend))
    assert all(len(each) <= _LARGEST for each in xend.heard)
    assert not begun or told.startswith(b"HTTP/1.1 101 "), told
