"""Saving a guest that runs on: QEMU's background snapshots.

The guest stands still while the state of its devices is taken and its memory is protected (userfaultfd(2)). Then it
runs, and what it is about to write to is saved before. Such a save is always let come to its end (background_pipe).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable

from xenia.engines.base import SaveSink
from xenia.engines.qemu import background_pipe
from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.memory import have_at_hand, open_memory
from xenia.engines.qemu.migration import leave_memory_out, let_run_on, migrate, under_way, until_over
from xenia.lib.aio import together, undisturbed
from xenia.model.domain import State
from xenia.model.errors import XeniaError, engine_failed
from xenia.storage.save.parallel import in_thread

_LOOK_AGAIN = 0.001
_LOOK_AGAIN_LATER = 0.1

_OF_THE_KERNEL = "not supported by host kernel"
_OF_THE_MEMORY = "not compatible with guest memory"
"""What QEMU says (migration/migration.c, migrate_caps_check)."""


async def why_not(guest: Guest) -> str:
    """Why a guest cannot be saved while it runs on; "" where it can."""
    try:
        await let_run_on(guest)
        await leave_memory_out(guest, wanted=False)
    except XeniaError as error:
        return said_of(error)
    return ""


def said_of(refusal: XeniaError) -> str:
    """QEMU's refusal, in words of ours."""
    if _OF_THE_KERNEL in refusal.message:
        return "its user may not use userfaultfd on this host (sysctl vm.unprivileged_userfaultfd)"
    if _OF_THE_MEMORY in refusal.message:
        return "its memory is mapped from a save"
    return refusal.message


async def save_running(guest: Guest, sink: SaveSink, meanwhile: Callable[[], Awaitable[None]]) -> float:
    """As engines.base.SavesRunning.save_running, without traits."""
    expected = _taken(guest)
    pid, size = guest.process.pid, guest.most_memory << 20
    await in_thread(lambda stop: have_at_hand(pid, size, stop))  # or QEMU would, while the guest stands still
    await let_run_on(guest)
    reader, writer = background_pipe.make(guest.folder)
    moments: list[float] = []
    try:
        try:
            await undisturbed(_begin(guest, writer, meanwhile, moments))
        finally:
            os.close(writer)
        # QEMU lets the guest run only while what it saves meanwhile is taken
        await together(sink.state(reader, memory=0, expected=expected), _until_it_runs(guest, moments))
        problem = await until_over(guest)
    finally:
        await undisturbed(_come_to_its_end(guest, reader, moments))
    if problem:
        raise engine_failed(f"QEMU cannot save the guest: {problem}")
    return moments[-1] - moments[0]


def _taken(guest: Guest) -> int:
    """The bytes of its memory that the guest has touched: about so many come."""
    memory = open_memory(guest.process.pid, guest.most_memory << 20)
    if memory is None:
        return 0
    try:
        return os.fstat(memory).st_blocks * 512
    finally:
        os.close(memory)


async def _begin(guest: Guest, writer: int, meanwhile: Callable[[], Awaitable[None]], moments: list[float]) -> None:
    """Stop the guest and have QEMU begin."""
    moments.append(asyncio.get_running_loop().time())
    await guest.stop()
    if guest.situation.state is not State.PAUSED:
        moments.clear()
        raise engine_failed(f"domain '{guest.name}' has ended meanwhile")  # and QEMU would let it run
    await meanwhile()
    await migrate(guest, writer)


async def _until_it_runs(guest: Guest, moments: list[float]) -> None:
    """Until QEMU has let it run on, or has failed before."""
    with guest.expecting(State.RUNNING):
        while guest.situation.state is State.PAUSED:
            await asyncio.sleep(_LOOK_AGAIN)
            if not await under_way(guest):
                break
    if guest.situation.state is not State.PAUSED:
        moments.append(asyncio.get_running_loop().time())


async def _come_to_its_end(guest: Guest, reader: int, moments: list[float]) -> None:
    """Nothing of the save is under way any more; what still comes of one that has failed is for nobody. The guest runs
    on where it was stopped and nothing has let it run.
    """
    try:
        async with background_pipe.emptying(reader) as emptied:
            while not emptied.done():
                with contextlib.suppress(XeniaError):  # it may not answer before all is taken
                    await until_over(guest)
                    break
                await asyncio.sleep(_LOOK_AGAIN_LATER)
        with contextlib.suppress(XeniaError):
            await leave_memory_out(guest, wanted=False)
            if len(moments) == 1 and guest.situation.state is State.PAUSED:
                await guest.run_on()
    finally:
        os.close(reader)
        background_pipe.pipe_of(guest.folder).unlink(missing_ok=True)
