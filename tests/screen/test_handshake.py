"""Whatever comes at the door, it is refused in words of ours, or let in by the password alone."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.vnc import answer_to

from xenia.screen.handshake import Broken, Refused, Terms, admit, enter, refuse

pytestmark = pytest.mark.hypothesis

CHALLENGE = bytes(range(16))
SECRET = "geheim"
VERSIONS = [b"RFB 003.003\n", b"RFB 003.007\n", b"RFB 003.008\n", b"RFB 004.000\n", b"RFB 002.009\n"]
WORDS = [
    *VERSIONS,
    *(bytes([number]) for number in (0, 1, 2, 19, 255)),
    *(b"\0\2", b"\0\1", (260).to_bytes(4), (261).to_bytes(4), bytes(4)),
    *(answer_to(CHALLENGE, SECRET), answer_to(CHALLENGE, "other")),
]
SAID = st.lists(st.sampled_from(WORDS) | st.binary(max_size=20), max_size=8).map(b"".join)


class Wire:
    """Takes what is written; its TLS is transparent."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    async def drain(self) -> None:
        pass

    async def start_tls(self, context: object) -> None:
        pass


def heard(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


def came_in(said: bytes, terms: Terms) -> tuple[bool, bytes]:
    """Whether somebody who says that is let in, and what they are told."""
    wire = Wire()

    async def come() -> bool:
        try:
            await admit(heard(said), cast(Any, wire), terms)
        except (Refused, Broken, EOFError):
            return False
        return True

    return asyncio.run(come()), wire.written


@pytest.fixture(autouse=True, scope="module")
def known_challenge() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xenia.screen.handshake.secrets.token_bytes", lambda length: CHALLENGE[:length])
        yield


@given(said=SAID, tls=st.booleans())
def test_nobody_comes_in_without_the_password(said: bytes, tls: bool) -> None:
    let_in, _ = came_in(said, Terms(SECRET, cast(ssl.SSLContext, object()) if tls else None))
    assert not let_in or answer_to(CHALLENGE, SECRET) in said


@given(said=SAID)
def test_nothing_is_said_in_the_clear_where_tls_is_asked_for(said: bytes) -> None:
    let_in, told = came_in(said, Terms("", cast(ssl.SSLContext, object())))
    assert not let_in or b"\x13" in told


@given(said=SAID)
def test_who_is_refused_is_told_why_or_has_left(said: bytes) -> None:
    async def come() -> None:
        with pytest.raises((Refused, Broken, EOFError)):
            await refuse(heard(said), cast(Any, Wire()), "no")

    asyncio.run(come())


@given(said=st.lists(st.sampled_from([*WORDS, b"\1\1", b"\1\2"]) | st.binary(max_size=20), max_size=8).map(b"".join))
def test_a_guest_s_own_server_that_is_none_is_left(said: bytes) -> None:
    async def come() -> None:
        try:
            await enter(heard(said), cast(Any, Wire()))
        except (Broken, EOFError):
            return
        assert said.startswith(b"RFB 003.008\n")

    asyncio.run(come())
