"""A disk that moves to another image while its guest runs, and one that comes to stand alone.

What is copied is what the guest sees of it: the new image has all that the old one had from what it is based on. The
guest writes to the old one until both are the same, and stands still for the moment in which it changes over.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from xenia.engines.qemu.block_jobs import FLATTEN, MOVE, SLOW, concluded, forget, give_up, job_of, tidy, until
from xenia.engines.qemu.disk import node_name, node_of
from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.nodes import tops_of
from xenia.engines.qemu.sets import next_sets
from xenia.model.errors import XeniaError, engine_failed
from xenia.storage.open import OpenedDisk


async def begin_move(guest: Guest, opened: OpenedDisk) -> None:
    """As engines.base.WorksOnDisks.begin_move."""
    target = opened.disk.target
    top = await _top(guest, target)
    sets = await next_sets(guest)
    name = f"{node_name(target)}.{secrets.token_hex(4)}"
    job = {"job-id": f"{MOVE}{target}", "device": top, "target": name, "sync": "full", "auto-dismiss": False}
    with ExitStack() as held:
        node = {**node_of(opened, sets, held), "node-name": name}
        try:
            await sets.hand_over()
            await guest.execute("blockdev-add", node)
            await guest.execute("blockdev-mirror", job, seconds=SLOW)
        except BaseException:
            with contextlib.suppress(XeniaError):
                await forget(guest, [name], sets.numbers)
            raise


async def until_copied(guest: Guest, target: str, tell: Callable[[float], None]) -> None:
    """As engines.base.WorksOnDisks.until_copied."""
    job = await until(guest, f"{MOVE}{target}", "ready", tell)
    if job is None or job["status"] != "ready":
        raise engine_failed(
            f"QEMU cannot copy {target}: {(job or {}).get('error', 'it has given up')}",
            "the guest goes on with the image that it has; look whether there is room for the new one",
        )


async def switch(guest: Guest, target: str, switched: Callable[[], Awaitable[None]]) -> None:
    """As engines.base.WorksOnDisks.switch."""
    name = f"{MOVE}{target}"
    runs = (await guest.execute("query-status"))["running"]
    if runs:
        await guest.stop()
    try:
        await guest.execute("job-complete", {"id": name}, seconds=SLOW)
        job = await concluded(guest, name)
        problem = (job or {}).get("error", "")
        await guest.execute("job-dismiss", {"id": name})
        if problem:
            raise engine_failed(f"QEMU cannot change {target} over: {problem}")
    except BaseException:
        if runs:
            await guest.run_on()
        raise
    await switched()
    if runs:
        await guest.run_on()
    await tidy(guest, guest.process, target)


async def give_up_move(guest: Guest, target: str) -> None:
    """As engines.base.WorksOnDisks.give_up_move."""
    await give_up(guest, f"{MOVE}{target}")
    await tidy(guest, guest.process, target)


async def begin_flatten(guest: Guest, target: str) -> None:
    """As engines.base.WorksOnDisks.begin_flatten."""
    name = f"{FLATTEN}{target}"
    if await job_of(guest, name) is not None:
        raise engine_failed(f"QEMU is making {target} stand alone already")
    job = {"job-id": name, "device": await _top(guest, target), "auto-dismiss": False}
    try:
        await guest.execute("block-stream", job)
    except BaseException:
        await give_up(guest, name)
        raise


async def until_flattened(guest: Guest, target: str, tell: Callable[[float], None]) -> None:
    """As engines.base.WorksOnDisks.until_flattened."""
    name = f"{FLATTEN}{target}"
    try:
        job = await until(guest, name, "concluded", tell)
        if job is None or "error" in job:
            raise engine_failed(f"QEMU cannot copy what {target} is based on: {(job or {}).get('error', 'it gave up')}")
    finally:
        await give_up(guest, name)
        with contextlib.suppress(XeniaError):
            await tidy(guest, guest.process, target)


async def _top(guest: Guest, target: str) -> str:
    top = (await tops_of(guest)).get(target)
    if top is None:
        raise engine_failed(f"QEMU has no image in {target} any more")
    return top
