"""Saving a guest: QEMU says what its devices are, in the form of a migration, and xend copies the memory itself.

The memory of a guest is a file in memory (memory-backend-memfd), so it is copied past QEMU, and only what the guest has
touched. The migration leaves it out, and takes milliseconds. Where the memory is no such file (of a guest that goes on
from a mapped save) the migration has it in it.
"""

from __future__ import annotations

import os

from xenia.engines.base import SaveSink
from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.memory import open_memory
from xenia.engines.qemu.migration import leave_memory_out, migrate, until_over
from xenia.lib.pipe import pipe
from xenia.model.errors import engine_failed


async def save(guest: Guest, sink: SaveSink) -> None:
    """Stop the guest and put it into `sink`. Raises engine_failed, OSError."""
    await _stand_still(guest)
    size = guest.most_memory << 20
    memory = open_memory(guest.process.pid, size)
    try:
        await leave_memory_out(guest, wanted=memory is not None)
        await _save_state(guest, sink, 0 if memory is None else size)
        if memory is not None:
            await sink.memory(memory)
    finally:
        if memory is not None:
            os.close(memory)


async def _stand_still(guest: Guest) -> None:
    """QEMU does not save a guest again that has not run since it was saved last: for a moment it does."""
    if (await guest.execute("query-status"))["status"] == "postmigrate":
        await guest.run_on()
    await guest.stop()


async def _save_state(guest: Guest, sink: SaveSink, memory: int) -> None:
    reader, writer = pipe()
    try:
        try:
            await migrate(guest, writer)
        finally:
            os.close(writer)
        await sink.state(reader, memory=memory)
    finally:
        os.close(reader)
        problem = await until_over(guest)
    if problem:
        raise engine_failed(f"QEMU cannot save the guest: {problem}")
