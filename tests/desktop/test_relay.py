"""Whatever a browser and a guest say, the browser is told how it ended, and the guest hears of no other bytes."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.rdcleanpath import Answer, decode, length_of, request
from tests.support.rdp_server import CONFIRM, PLAIN_CONFIRM, REQUEST

from xenia.desktop.relay import Guest, serve, tls_to_guests
from xenia.lib.wire import Wire
from xenia.settings.certificate import Certificate, certificate_of, tls_of

LIMIT = 60.0
FAILURE = bytes.fromhex("0300 0013 0e d0 0000 1234 00 03 00 0800 05000000")
"""CredSSP is required ([MS-RDPBCGR] 2.2.1.2.2)."""

Browser = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate_of("", "", tmp_path_factory.mktemp("guest"))


@asynccontextmanager
async def session(*, asks: float = LIMIT, answers: float = LIMIT) -> AsyncIterator[tuple[Browser, socket.socket]]:
    """The ends of the browser and of the guest, of a session that ends when they do."""
    pairs = socket.socketpair(), socket.socketpair()
    browser = await asyncio.open_connection(sock=pairs[0][0])
    browser_end, guest_end = Wire(pairs[0][1]), Wire(pairs[1][1])
    guest = pairs[1][0]
    guest.settimeout(LIMIT)
    async with asyncio.timeout(LIMIT), asyncio.TaskGroup() as group:
        group.create_task(serve(browser_end, guest_end, Guest("192.0.2.7", tls_to_guests(), answers), seconds=asks))
        with guest:
            try:
                yield browser, guest
            finally:
                browser[1].close()
                await browser[1].wait_closed()


async def answer(reader: asyncio.StreamReader) -> Answer:
    data = await reader.readexactly(4)
    return decode(data + await reader.readexactly(length_of(data) - 4))


async def hears(guest: socket.socket, length: int = 1) -> bytes:
    """So many bytes, or fewer where nothing more comes."""
    heard = b""
    while len(heard) < length and (data := await asyncio.to_thread(guest.recv, length - len(heard))):
        heard += data
    return heard


async def begins_tls(guest: socket.socket, certificate: Certificate) -> ssl.SSLSocket:
    return await asyncio.to_thread(tls_of(certificate).wrap_socket, guest, server_side=True)


async def test_a_session_begins_with_the_guests_certificate_and_goes_on(certificate: Certificate) -> None:
    async with session() as (browser, guest):
        browser[1].write(request(REQUEST))
        assert await hears(guest, len(REQUEST)) == REQUEST
        guest.sendall(CONFIRM)
        with await begins_tls(guest, certificate) as inner:
            found = await answer(browser[0])
            assert found.error is None
            assert (found.x224, found.address) == (CONFIRM, "192.0.2.7")
            assert found.chain == [ssl.PEM_cert_to_DER_cert(Path(certificate.chain).read_text())]
            browser[1].write(b"from the browser")
            assert await hears(inner, 16) == b"from the browser"
            sending = asyncio.to_thread(inner.sendall, b"x" * 1_000_000)
            _, got = await asyncio.gather(sending, browser[0].readexactly(1_000_000))
            assert got == b"x" * 1_000_000
        assert await browser[0].read() == b""


async def test_a_browser_that_does_not_look_has_the_guest_wait(certificate: Certificate) -> None:
    async with session() as (browser, guest):
        browser[1].write(request(REQUEST))
        assert await hears(guest, len(REQUEST)) == REQUEST
        guest.sendall(CONFIRM)
        with await begins_tls(guest, certificate) as inner:
            await answer(browser[0])
            inner.settimeout(1)
            with pytest.raises(TimeoutError):
                await asyncio.to_thread(inner.sendall, bytes(16 << 20))


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (request(REQUEST)[:-1], 408),
        (b"", 408),
        (b"\x30\x84\xff\xff\xff\xff", 400),
        (b"\x30\x80" + bytes(20), 400),
        (b"\x30\x82\xff\xff", 413),
        (request(None), 400),
        (request(REQUEST, version=3389), 400),
        (request(b""), 400),
        (request(REQUEST[:-1]), 400),
        (request(REQUEST + b"\0"), 400),
        (request(CONFIRM), 400),
        (request(REQUEST + REQUEST), 400),
        (request(REQUEST, blob="vm"), 501),
    ],
)
async def test_what_is_no_request_is_refused_and_no_guest_hears_of_it(asked: bytes, status: int) -> None:
    async with session(asks=0.2 if status == 408 else LIMIT) as (browser, guest):
        browser[1].write(asked)
        found = await answer(browser[0])
        assert found.error == (1, status)
        assert (found.x224, found.chain, found.address) == (None, None, None)
        assert await browser[0].read() == b""
        assert await hears(guest) == b""


async def test_a_request_may_come_in_pieces_and_more_with_it(certificate: Certificate) -> None:
    async with session() as (browser, guest):
        for byte in request(REQUEST, destination=None, proxy_auth=None) + b"soon":
            browser[1].write(bytes((byte,)))
            await browser[1].drain()
        assert await hears(guest, len(REQUEST)) == REQUEST
        guest.sendall(CONFIRM)
        with await begins_tls(guest, certificate) as inner:
            assert (await answer(browser[0])).error is None
            assert await hears(inner, 4) == b"soon"


Behave = Callable[[socket.socket], None]


def says(content: bytes) -> Behave:
    return lambda guest: guest.sendall(content)


def hangs_up(guest: socket.socket) -> None:
    guest.shutdown(socket.SHUT_RDWR)


def speaks_no_tls(guest: socket.socket) -> None:
    guest.sendall(CONFIRM)
    guest.recv(1)
    guest.sendall(b"no TLS at all" * 10)


def is_silent(_: socket.socket) -> None:
    pass


@pytest.mark.parametrize(
    ("behave", "error", "x224"),
    [
        (says(b"SSH-2.0-OpenSSH_9.2p1\r\n"), (1, 502), None),
        (says(b"\3\0\xff\xff" + bytes(1000)), (1, 502), None),
        (says(REQUEST), (1, 502), None),
        (speaks_no_tls, (1, 502), None),
        (says(CONFIRM), (1, 504), None),
        (says(CONFIRM[:-1]), (1, 504), None),
        (says(PLAIN_CONFIRM), (2, None), PLAIN_CONFIRM),
        (says(FAILURE), (2, None), FAILURE),
        (hangs_up, (1, 502), None),
        (is_silent, (1, 504), None),
    ],
)
async def test_of_a_guest_that_serves_no_desktop_the_browser_is_told(
    behave: Behave, error: tuple[int, int | None], x224: bytes | None
) -> None:
    async with session(answers=0.5 if error == (1, 504) else LIMIT) as (browser, guest):
        browser[1].write(request(REQUEST))
        assert await hears(guest, len(REQUEST)) == REQUEST
        await asyncio.to_thread(behave, guest)
        found = await answer(browser[0])
        assert (found.error, found.x224) == (error, x224)
        assert await browser[0].read() == b""


async def test_a_browser_that_leaves_ends_it_for_the_guest() -> None:
    async with session() as (browser, guest):
        browser[1].write(request(REQUEST)[:20])
        browser[1].close()
        assert await hears(guest) == b""
