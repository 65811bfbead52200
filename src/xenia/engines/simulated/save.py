"""Saves of simulated guests: how often one has booted is all that it remembers."""

from __future__ import annotations

import os

from xenia.engines.base import SaveSink, SaveSource
from xenia.engines.simulated.host import SimulatedGuest
from xenia.model.errors import engine_failed


async def save(guest: SimulatedGuest, sink: SaveSink) -> None:
    """Raises OSError."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        os.write(writer, str(guest.boots).encode())
        os.close(writer)
        await sink.state(reader, memory=0)
    finally:
        os.close(reader)


async def restored(source: SaveSource) -> int:
    """What a guest remembers that goes on from there. Raises engine_failed."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        await source.feed(writer)
        os.close(writer)
        state = os.read(reader, 100)
    finally:
        os.close(reader)
    if not state.isdigit():
        raise engine_failed("this is not the state of a simulated guest")
    return int(state)
