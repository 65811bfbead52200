"""Connections as they are, in the clear and in TLS, made one."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from xenia.lib.splice import splice
from xenia.lib.wire import Wire, visitors
from xenia.settings.certificate import certificate_of, tls_of

LIMIT = 60.0
MUCH = 5_000_000


@pytest.fixture(scope="module")
def server_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return tls_of(certificate_of("", "", tmp_path_factory.mktemp("tls")))


@pytest.fixture
def pairs() -> Iterator[list[socket.socket]]:
    """Two connections, of each the far end and ours."""
    made = [*socket.socketpair(), *socket.socketpair()]
    for each in (made[0], made[2]):
        each.settimeout(LIMIT)
    yield made
    for each in made:
        each.close()


def client_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def test_a_handshake_reads_what_it_asks_for_and_no_more(pairs: list[socket.socket]) -> None:
    far, near, *_ = pairs
    with Wire(near) as wire:
        wire.write(b"one ")
        wire.write(b"two")
        far.sendall(b"helloworld")
        assert await wire.readexactly(5) == b"hello"
        assert far.recv(100) == b"one two"
        assert wire.connection.recv(100) == b"world"
        asking = asyncio.create_task(wire.readexactly(3))  # noqa: TID251 (ends in here)
        await asyncio.sleep(0)
        far.sendall(b"ab")
        await asyncio.sleep(0.01)
        assert not asking.done()
        far.close()
        with pytest.raises(EOFError):
            await asking


async def test_who_waits_no_longer_leaves_nothing_behind(pairs: list[socket.socket]) -> None:
    far, near, *_ = pairs
    with Wire(near) as wire:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await wire.readexactly(1)
        far.sendall(b"x")
        assert await wire.readexactly(1) == b"x"
        wire.write(bytes(10_000_000))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await wire.drain()


@pytest.mark.parametrize("tls", [False, True])
async def test_all_of_it_comes_through_both_ways_at_once(
    pairs: list[socket.socket], server_tls: ssl.SSLContext, *, tls: bool
) -> None:
    """Whatever the pieces; a screen's own end is never in TLS."""
    viewer, door, guest, screen = pairs
    said = {side: random.Random(side).randbytes(MUCH) for side in ("viewer", "guest")}  # noqa: S311 (a test's)
    heard: dict[str, str] = {}

    def talk(side: str, other: str, connection: socket.socket) -> socket.socket:
        inner = client_tls().wrap_socket(connection) if tls and side == "viewer" else connection

        def say() -> None:
            pieces, rest = random.Random(7), memoryview(said[side])  # noqa: S311
            size = 1
            while rest:
                with lock, suppress(BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                    rest = rest[inner.send(rest[:size]) :]  # what has to be tried again is the same
                    size = pieces.choice((1, 100, 16_384, 300_000))

        inner.setblocking(False)
        lock = threading.Lock()
        speaker = threading.Thread(target=say)
        speaker.start()
        digest, missing = hashlib.sha256(), MUCH
        while missing:
            with lock, suppress(BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                piece = inner.recv(100_000)
                assert piece
                digest.update(piece)
                missing -= len(piece)
        speaker.join(LIMIT)
        heard[other] = digest.hexdigest()
        return inner

    sides = (("viewer", "guest", viewer), ("guest", "viewer", guest))
    with Wire(door) as ours, Wire(screen) as theirs:
        async with asyncio.timeout(LIMIT), asyncio.TaskGroup() as group:
            talking = [group.create_task(asyncio.to_thread(talk, *each)) for each in sides]
            if tls:
                await ours.start_tls(server_tls)
            passing = group.create_task(splice(ours, theirs))
            inners = await asyncio.gather(*talking)
            passing.cancel()
            for inner in inners:
                inner.close()
    assert heard == {side: hashlib.sha256(content).hexdigest() for side, content in said.items()}


@pytest.mark.parametrize("ends", [0, 2])
async def test_it_ends_when_either_side_does(pairs: list[socket.socket], ends: int) -> None:
    with Wire(pairs[1]) as one, Wire(pairs[3]) as other:
        pairs[ends].sendall(b"last words")
        pairs[ends].close()
        with pytest.raises(EOFError):
            await splice(one, other)
        assert pairs[2 - ends].recv(100) == b"last words"


async def test_who_does_not_read_stops_the_other(pairs: list[socket.socket]) -> None:
    viewer, door, guest, screen = pairs
    guest.settimeout(1)
    with Wire(door) as one, Wire(screen) as other:
        passing = asyncio.create_task(splice(one, other))  # noqa: TID251 (ends in here)
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(guest.sendall, bytes(64 << 20))
        viewer.sendall(b"key")
        assert await asyncio.to_thread(guest.recv, 3) == b"key"
        passing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await passing


@pytest.mark.parametrize("tls", [False, True])
async def test_who_is_hung_up_on_reads_why(
    pairs: list[socket.socket], server_tls: ssl.SSLContext, *, tls: bool
) -> None:
    far, near, *_ = pairs

    def come() -> bytes:
        inner = client_tls().wrap_socket(far) if tls else far
        inner.sendall(b"much that nobody reads")
        why = inner.recv(100)
        assert inner.recv(100) == b""
        inner.close()
        return why

    with Wire(near) as wire:
        coming = asyncio.create_task(asyncio.to_thread(come))  # noqa: TID251 (ends in here)
        if tls:
            await wire.start_tls(server_tls)
        wire.write(b"no")
        async with asyncio.timeout(LIMIT):
            await wire.hang_up()
        assert await coming == b"no"


async def test_what_is_no_tls_is_an_error(pairs: list[socket.socket], server_tls: ssl.SSLContext) -> None:
    far, near, *_ = pairs
    with Wire(near) as wire:
        far.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(OSError, match="SSL"):
            await wire.start_tls(server_tls)


async def test_visitors_come_until_the_listener_is_shut() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = listener.dup()
        place = listener.getsockname()
        came = []
        with socket.create_connection(place) as visitor:
            async with asyncio.timeout(LIMIT):
                async for connection, address in visitors(listener):
                    with connection:
                        came.append((address, connection.getpeername()))
                    ours.shutdown(socket.SHUT_RDWR)
            assert came == [("127.0.0.1", visitor.getsockname())]
        ours.close()


async def test_while_there_are_no_descriptors_visitors_wait(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("xenia.lib.wire._WHILE_SHORT", 0.01)
    loop, tries = asyncio.get_running_loop(), []
    accept = loop.sock_accept

    async def short(listener: socket.socket) -> tuple[socket.socket, object]:
        tries.append(listener)
        if len(tries) == 1:
            raise OSError(24, os.strerror(24))
        if len(tries) == 2:
            raise ConnectionAbortedError(103, os.strerror(103))
        return await accept(listener)

    monkeypatch.setattr(loop, "sock_accept", short)
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as visitor:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        visitor.connect(str(tmp_path / "s"))
        async for connection, address in visitors(listener):
            connection.close()
            assert (address, len(tries)) == ("?", 3)
            break
