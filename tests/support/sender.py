"""A guest that sends frames as they are, from within: the disk that it does so from, and what is typed to it."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.support.terminal import Terminal

_SOURCE = Path(__file__).with_name("raw_sender.c")
_PLACE = 16384
"""Bytes on the disk for the program, and for the frames of each card."""


def write_disk(path: Path, cards: Sequence[Sequence[bytes]]) -> None:
    """The disk: the program, and what is to be sent by each of the cards."""
    program = path.with_suffix(".bin")
    subprocess.run(["tcc", "-static", "-nostdlib", "-o", program, _SOURCE], check=True)
    with path.open("wb") as file:
        file.write(program.read_bytes().ljust(_PLACE, b"\0"))
        for frames in cards:
            told = b"".join(struct.pack("!H", len(frame)) + frame for frame in (*frames, b""))
            file.write(told.ljust(_PLACE, b"\0"))
    assert path.stat().st_size == _PLACE * (1 + len(cards))


def take_program(screen: Terminal) -> None:
    """The guest, whose first disk it is, gets its program ready."""
    screen.types(f"dd if=/dev/vda of=say bs={_PLACE} count=1 2>/dev/null; chmod +x say; echo ready $((1 + 1))\n")
    screen.sees("ready 2")


def send(screen: Terminal, number: int) -> None:
    """The guest sends all that its card `number` is to send; this does not wait for it."""
    take = f"dd if=/dev/vda bs={_PLACE} skip={number + 1} count=1 2>/dev/null"
    screen.types(f"ip link set eth{number} up; {take} | ./say eth{number}\n")
