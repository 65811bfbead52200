"""RFB: whoever comes at the door of a screen, whatever a guest's own server says, and where keys are pressed."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from tests.support.in_memory import Written, heard
from tests.support.vnc import answer_to

from xenia.lib.rfb import RfbError, RfbKeyboard
from xenia.screen.handshake import Broken, Refused, Terms, admit, enter, refuse

CHALLENGE = bytes(range(16))
SECRET = "geheim"
WORDS = (
    *(b"RFB 003.003\n", b"RFB 003.007\n", b"RFB 003.008\n", b"RFB 004.000\n"),
    *(b"\0", b"\1", b"\2", b"\x13", b"\1\1", b"\1\2", b"\0\2", b"\0\0\1\4", b"\0\0\1\5", b"\0\0\0\0"),
    answer_to(CHALLENGE, SECRET),
    b"\x02\x80\x01\xe0" + bytes(16) + b"\0\0\0\4name",
    b"\0\0\0\1" + bytes(8) + b"\xff\xff\xfe\xfe",
)
_TLS = cast(ssl.SSLContext, object())


def one(data: bytes) -> None:
    """The first byte says who is spoken to."""
    with patch("xenia.screen.handshake.secrets", SimpleNamespace(token_bytes=lambda length: CHALLENGE[:length])):
        asyncio.run(_WAYS[data[0] % len(_WAYS)](data[1:]) if data else _press(b""))


def _let_in(password: str, tls: ssl.SSLContext | None) -> Callable[[bytes], Coroutine[Any, Any, None]]:
    async def come(said: bytes) -> None:
        wire = Written()
        with suppress(Refused, Broken, EOFError):
            await admit(heard(said), cast(Any, wire), Terms(password, tls))
            assert not password or answer_to(CHALLENGE, SECRET) in said, "it came in without the password"
            assert said.startswith(b"RFB ")
        assert wire.written.startswith(b"RFB 003.008\n")
        assert len(wire.written) < 5_000

    return come


async def _come_in_vain(said: bytes) -> None:
    with suppress(Refused, Broken, EOFError):
        await refuse(heard(said), cast(Any, Written()), "too many viewers")
        raise AssertionError("it was not refused")


async def _enter(said: bytes) -> None:
    with suppress(Broken, EOFError):
        await enter(heard(said), cast(Any, Written()))


async def _press(said: bytes) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        theirs.sendall(said)
        theirs.shutdown(socket.SHUT_WR)
        with suppress(RfbError):
            async with RfbKeyboard(ours) as keyboard:
                await keyboard.key(down=True, keysym=97, code=30)
                await keyboard.settle()
    assert ours.fileno() == -1


_LET_IN = (_let_in(SECRET, None), _let_in("", None), _let_in(SECRET, _TLS), _let_in("", _TLS))
_WAYS = (*_LET_IN, _come_in_vain, _enter, _press)
