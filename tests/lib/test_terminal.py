"""A terminal as a transport: what passes, and how it ends."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from xenia.lib.terminal import DeviceTransport, open_terminal

ALL_BYTES = bytes(range(256))


@dataclass
class Listener(asyncio.Protocol):
    """Keeps what happens to it."""

    heard: bytearray = field(default_factory=bytearray)
    paused: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    lost: list[Exception | None] = field(default_factory=list)

    def data_received(self, data: bytes) -> None:
        self.heard += data
        self.changed.set()

    def pause_writing(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_writing(self) -> None:
        assert self.paused
        self.paused = False
        self.changed.set()

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.append(error)
        self.changed.set()

    async def until(self, what: str) -> None:
        """`heard N`, `lost` or `resumed`."""
        async with asyncio.timeout(5):
            while not self._is(what):
                self.changed.clear()
                await self.changed.wait()

    def _is(self, what: str) -> bool:
        word, _, number = what.partition(" ")
        return {"heard": len(self.heard) >= int(number or 0), "lost": bool(self.lost), "resumed": not self.paused}[word]


@pytest.fixture
def pty() -> Iterator[tuple[int, str]]:
    """The master, and the terminal's path; the master may be closed by the test."""
    master, slave = os.openpty()
    path = os.ttyname(slave)
    os.close(slave)
    os.set_blocking(master, False)
    yield master, path
    with suppress(OSError):
        os.close(master)


Pty = tuple[int, str]


def listen(pty: Pty) -> tuple[Listener, DeviceTransport]:
    listener = Listener()
    return listener, DeviceTransport(open_terminal(pty[1]), listener)


async def test_every_byte_passes_unchanged_both_ways(pty: Pty) -> None:
    listener, transport = listen(pty)
    os.write(pty[0], ALL_BYTES)
    await listener.until("heard 256")
    assert listener.heard == ALL_BYTES
    transport.write(ALL_BYTES)
    assert os.read(pty[0], 1000) == ALL_BYTES  # no echo of what came, no \r\n for \n
    transport.close()
    await listener.until("lost")


async def test_the_far_end_that_hangs_up_ends_it(pty: Pty) -> None:
    listener, transport = listen(pty)
    os.write(pty[0], b"bye")
    await listener.until("heard 3")
    os.close(pty[0])
    await listener.until("lost")
    assert transport.is_closing()
    transport.write(b"into the void")
    transport.close()
    await asyncio.sleep(0)
    assert len(listener.lost) == 1


async def test_the_end_of_a_stream_is_no_error() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    listener = Listener()
    DeviceTransport(ours.detach(), listener)
    theirs.close()
    await listener.until("lost")
    assert listener.lost == [None]


async def test_what_cannot_be_written_ends_it() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    listener = Listener()
    transport = DeviceTransport(ours.detach(), listener)
    theirs.close()
    transport.write(b"nobody hears this")
    await listener.until("lost")
    assert isinstance(listener.lost[0], BrokenPipeError)


async def test_who_does_not_read_makes_the_writer_pause_and_loses_nothing(pty: Pty) -> None:
    listener, transport = listen(pty)
    transport.set_write_buffer_limits(high=1000)
    sent = b""
    while not listener.paused:
        sent += (block := os.urandom(700))
        transport.write(block)
    transport.write(b"one more")
    sent += b"one more"
    got = b""
    async with asyncio.timeout(5):
        while len(got) < len(sent):
            with suppress(BlockingIOError):
                got += os.read(pty[0], 4096)
            await asyncio.sleep(0)
    assert got == sent
    await listener.until("resumed")
    transport.close()
    await listener.until("lost")


async def test_closing_drops_what_was_not_sent_and_closes_the_descriptor(pty: Pty) -> None:
    before = set(os.listdir("/proc/self/fd"))
    listener, transport = listen(pty)
    transport.write(b"x" * 1_000_000)
    assert listener.paused
    transport.close()
    assert set(os.listdir("/proc/self/fd")) == before
    assert listener.lost == []  # told afterwards, as asyncio does
    await listener.until("lost")
    assert listener.lost == [None]


def test_a_terminal_is_no_reason_to_follow_a_link(pty: Pty, tmp_path: Path) -> None:
    link = tmp_path / "tty"
    link.symlink_to(pty[1])
    with pytest.raises(OSError, match="symbolic links"):
        open_terminal(link)


@pytest.mark.parametrize("path", ["/dev/null", "/dev/not-there", "file"])
def test_what_is_no_terminal_is_refused_and_closed(path: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match=r"ioctl|No such file"):
        open_terminal(tmp_path / path)
    assert set(os.listdir("/proc/self/fd")) == before
