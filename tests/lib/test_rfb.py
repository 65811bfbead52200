"""Keys over RFB, with a server that a test plays."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest
from tests.support.rfb_server import ACKNOWLEDGED, RfbServer

from xenia.lib import rfb
from xenia.lib.aio import Tasks
from xenia.lib.rfb import RfbError, RfbKeyboard


async def press(server: RfbServer) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    tasks = Tasks()
    serving = tasks.start(server.serve(theirs), name="server")
    async with asyncio.timeout(30), RfbKeyboard(ours) as keyboard:
        await keyboard.key(down=True, keysym=0xFFFF, code=0xD3)
        await keyboard.key(down=False, keysym=0xFFFF, code=0xD3)
        await keyboard.settle()
        assert server.heard == [(True, 0xFFFF, 0xD3), (False, 0xFFFF, 0xD3)]
    await serving
    assert ours.fileno() == -1


async def test_keys_are_pressed_and_taken_in() -> None:
    await press(RfbServer())


async def test_a_bell_and_what_is_copied_are_passed_over() -> None:
    await press(RfbServer(before=b"\x02" + struct.pack(">B3xI", 3, 4) + b"text"))


async def refused(said: bytes) -> str:
    """What is wrong with a server that says that and closes."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        theirs.sendall(said)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(RfbError) as raised:
            async with asyncio.timeout(30), RfbKeyboard(ours):
                pass
    assert ours.fileno() == -1
    return str(raised.value)


INIT = b"RFB 003.008\n\x01\x01" + bytes(4) + struct.pack(">HH16xI", 640, 480, 0)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"", "closed"),
        (b"SSH-2.0-test\r\n", "RFB 3.8"),
        (b"RFB 003.008\n\x00\x00\x00\x00\x08too many", "too many"),
        (b"RFB 003.008\n\x01\x02", "password"),
        (b"RFB 003.008\n\x01\x01\x00\x00\x00\x01\x00\x00\x00\x02no", "no"),
        (b"RFB 003.008\n\x01\x01" + bytes(4) + struct.pack(">HH16xI", 640, 480, 1 << 30), "more than it has to"),
        (INIT, "closed"),
        (INIT + b"\x01\x00\x00\x00", "nobody has asked"),
        (INIT + ACKNOWLEDGED[:-4] + bytes(4), "nobody has asked"),
    ],
)
async def test_what_is_no_such_server_is_told(said: bytes, why: str) -> None:
    assert why in await refused(said)


async def test_one_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rfb, "_SECONDS", 0.01)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs, pytest.raises(RfbError, match="for too long"):
        async with RfbKeyboard(ours):
            pass
