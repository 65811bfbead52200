"""QEMU's jobs on block nodes: asked how far they are, waited for, given up; and what they leave behind removed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from xenia.engines.qemu.descriptors import copied
from xenia.engines.qemu.disk import node_name
from xenia.engines.qemu.nodes import exported, nodes_of, owned, tops_of
from xenia.engines.qemu.pci import Qemu
from xenia.engines.qemu.process import Process
from xenia.model.errors import XeniaError, conflict
from xenia.storage.lock import unlock

MOVE, FLATTEN = "move-", "flatten-"
"""How jobs are called, before the target of their disk."""

SLOW = 60.0
"""Seconds that a command may take which has to wait for requests that are on their way to a disk."""

_LOOK_AGAIN = 0.05


async def job_of(qemu: Qemu, name: str) -> dict[str, Any] | None:
    """What QEMU tells of a job, None where it has none of this name. Raises engine_failed."""
    jobs: list[dict[str, Any]] = await qemu.execute("query-jobs", seconds=SLOW)
    return next((each for each in jobs if each["id"] == name), None)


async def until(
    qemu: Qemu, name: str, status: str, tell: Callable[[float], None] = lambda _: None
) -> dict[str, Any] | None:
    """The job when it is in `status` or over, None where it is there no more. Raises engine_failed."""
    while (job := await job_of(qemu, name)) is not None and job["status"] not in (status, "concluded"):
        tell(job["current-progress"] / max(job["total-progress"], 1))
        await asyncio.sleep(_LOOK_AGAIN)
    return job


async def concluded(qemu: Qemu, name: str) -> dict[str, Any] | None:
    """The job when it has ended, which it does at once. Raises engine_failed."""
    job = await job_of(qemu, name)
    while job is not None and job["status"] != "concluded":
        await asyncio.sleep(_LOOK_AGAIN / 10)
        job = await job_of(qemu, name)
    return job


async def give_up(qemu: Qemu, name: str) -> None:
    """End a job where it still is. What is half done stays."""
    with contextlib.suppress(XeniaError):
        job = await job_of(qemu, name)
        if job is not None and job["status"] != "concluded":
            await qemu.execute("block-job-cancel", {"device": name, "force": True}, seconds=SLOW)
            job = await concluded(qemu, name)
        if job is not None:
            await qemu.execute("job-dismiss", {"id": name})


async def settle(qemu: Qemu, process: Process) -> None:
    """Give up those that an earlier xend has died in. One that is just ending does. Raises engine_failed."""
    for job in await qemu.execute("query-jobs"):
        name = str(job["id"])
        target = name.removeprefix(MOVE).removeprefix(FLATTEN)
        if target != name:
            await give_up(qemu, name)
            await tidy(qemu, process, target)


async def refuse_busy(qemu: Qemu, disk: str = "") -> None:
    """Raises a conflict while a disk of the guest (or, where it is named, that one) moves, comes to stand alone, or is
    exported.
    """
    offered = await exported(qemu)
    if offered and disk in ("", offered):
        raise conflict(
            f"the disk {offered} is just being exported",
            "wait until its backup is done, or end that: Ctrl-C in its xm block-export",
        )
    for job in await qemu.execute("query-jobs"):
        name = str(job["id"])
        target = name.removeprefix(MOVE).removeprefix(FLATTEN)
        if target != name and disk in ("", target):
            raise conflict(f"the disk {target} is just being copied", "wait until it is, or cancel that")


async def forget(qemu: Qemu, names: Iterable[str], numbers: Sequence[int]) -> None:
    """Remove nodes, and sets of descriptors, which may not be there."""
    for name in names:
        with contextlib.suppress(XeniaError):
            await qemu.execute("blockdev-del", {"node-name": name}, seconds=SLOW)
    for number in numbers:
        with contextlib.suppress(XeniaError):
            await qemu.execute("remove-fd", {"fdset-id": number})


async def tidy(qemu: Qemu, process: Process, target: str) -> None:
    """Let go of the images of a disk that the guest does not use as that any more. QEMU closes a descriptor only while
    its guest runs, so the lock on it is given up through a copy of it. Raises engine_failed.
    """
    before = -1
    while (names := await _besides_top(qemu, target)) and len(names) != before:  # one may be what another is based on
        before = len(names)
        await forget(qemu, names, ())  # QEMU refuses those that are used
    used = {node.set for node in (await nodes_of(qemu, process.pid)).values()}
    for each in await qemu.execute("query-fdsets"):
        if each["fdset-id"] not in used and any(fd.get("opaque") == node_name(target) for fd in each["fds"]):
            for fd in each["fds"]:
                with contextlib.suppress(XeniaError, OSError), copied(process, fd["fd"]) as copy:
                    unlock(copy)
            await forget(qemu, (), [each["fdset-id"]])


async def _besides_top(qemu: Qemu, target: str) -> list[str]:
    told = await qemu.execute("query-named-block-nodes", {"flat": True})
    top = (await tops_of(qemu)).get(target)
    return [name for name in owned([each["node-name"] for each in told], target) if name != top]
