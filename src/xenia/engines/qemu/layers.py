"""Overlays that a guest writes to from now on, and layers that are put into what is below them, while it runs.

The locks on images are xend's own, on descriptors that QEMU has inherited; QEMU takes none (engines.qemu.disk). So what
an image is used for changes through copies of those descriptors, before QEMU begins to write to it and after it has
ceased to.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack

from xenia.engines.base import Around
from xenia.engines.qemu.bitmaps import remove_all
from xenia.engines.qemu.block_jobs import SLOW, concluded, forget, give_up, job_of
from xenia.engines.qemu.descriptors import copied
from xenia.engines.qemu.disk import node_name, overlay_of
from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.nodes import Node, nodes_of, tops_of
from xenia.engines.qemu.sets import next_sets
from xenia.model.errors import XeniaError, engine_failed
from xenia.model.layers import Merge
from xenia.storage.lock import lock, only_reads, unlock
from xenia.storage.open import OpenedDisk

log = logging.getLogger(__name__)

_LOOK_AGAIN = 0.01


async def written_to(guest: Guest) -> dict[str, str]:
    """The path of the image that each disk writes to, by its target. Raises engine_failed."""
    nodes = await _nodes(guest)
    return {target: nodes[top].path for target, top in (await tops_of(guest)).items() if top in nodes}


async def put_overlays(guest: Guest, overlays: Sequence[OpenedDisk], identity: str, around: Around) -> None:
    """As engines.base.LayersDisks.put_overlays."""
    tops = await tops_of(guest)
    sets = await next_sets(guest)
    names = {opened.disk.target: f"{node_name(opened.disk.target)}.{identity}" for opened in overlays}
    before = await _nodes(guest)
    used = False

    async def use() -> None:
        nonlocal used
        actions = [
            {"type": "blockdev-snapshot", "data": {"node": tops[target], "overlay": name}}
            for target, name in names.items()
        ]
        await guest.execute("transaction", {"actions": actions}, seconds=SLOW)
        used = True

    with ExitStack() as held:
        nodes = [overlay_of(opened, names[opened.disk.target], sets, held) for opened in overlays]
        try:
            await sets.hand_over()
            for node in nodes:
                await guest.execute("blockdev-add", node)
            await around(use)
        finally:
            if used:
                await _let_others_read(guest, [before[tops[target]].path for target in names])
            else:
                with contextlib.suppress(XeniaError):
                    await forget(guest, names.values(), sets.numbers)


async def _let_others_read(guest: Guest, paths: Sequence[str]) -> None:
    try:
        await _only_read(guest, paths)
    except XeniaError as error:  # it does not write to them; only others have to wait
        log.warning("what domain '%s' wrote to stays locked until it ends: %s", guest.name, error.message)


async def merge(
    guest: Guest, wanted: Merge, switched: Callable[[], Awaitable[None]], tell: Callable[[float], None]
) -> None:
    """Put what the image `wanted.upper` has into `wanted.lower`, on which it is based, and do without it from then on.

    `switched` is called in the moment in which the guest has let go of `upper`, while its CPUs stand still where it
    wrote to that. One that an xend has died in goes on. Raises engine_failed; then the guest has both still.
    """
    name = f"merge-{wanted.target}"
    nodes = {node.path: node for node in (await _nodes(guest)).values()}
    upper, lower = nodes.get(os.path.realpath(wanted.upper)), nodes.get(os.path.realpath(wanted.lower))
    job = await job_of(guest, name)
    top = (await tops_of(guest)).get(wanted.target)
    if lower is None or top is None:
        raise engine_failed(f"QEMU does not have the image {wanted.lower} of {wanted.target} any more")
    if job is None and (upper is None or top == lower.name):
        await switched()
        return
    if job is None and upper is not None:
        await _begin(guest, name, wanted, top, upper, lower, nodes.get(os.path.realpath(wanted.above)))
    try:
        writes = await _to_its_end(guest, name, lower, switched, tell)
    except BaseException:
        await give_up(guest, name)
        await _only_read(guest, [lower.path])
        raise
    if not writes:
        await _only_read(guest, [lower.path])
    if upper is not None:
        await forget(guest, [upper.name], [upper.set])


async def _begin(
    guest: Guest, name: str, wanted: Merge, top: str, upper: Node, lower: Node, above: Node | None
) -> None:
    """A QEMU that cannot write to one of the images dies of it: so it is seen to before that it can."""
    if upper.name != top:
        if above is None:
            raise engine_failed(f"QEMU does not have what lies upon {wanted.upper} any more")
        if above.name != top:
            await _hand_over(guest, above, claim=False)  # only its header is written to, which others have read
    await _let_write(guest, lower)
    arguments: dict[str, object] = {"job-id": name, "device": top, "base-node": lower.name, "auto-dismiss": False}
    if upper.name != top:
        arguments |= {"top-node": upper.name, "backing-file": wanted.name}
    try:
        await guest.execute("block-commit", arguments, seconds=SLOW)
    except BaseException:
        await _only_read(guest, [lower.path])
        raise


async def _to_its_end(
    guest: Guest, name: str, lower: Node, switched: Callable[[], Awaitable[None]], tell: Callable[[float], None]
) -> bool:
    """Whether the guest writes to the lower one from now on."""
    writes = False
    while (job := await job_of(guest, name)) is not None and job["status"] != "concluded":
        tell(job["current-progress"] / max(job["total-progress"], 1))
        if job["status"] == "ready" and not writes:
            writes = True
            await remove_all(guest, lower.name)
            await _switch(guest, name, switched)
        else:
            await asyncio.sleep(_LOOK_AGAIN)
    problem = (job or {}).get("error", "")
    await guest.execute("job-dismiss", {"id": name})
    if problem:
        raise engine_failed(f"QEMU cannot merge the images: {problem}")
    if not writes:
        await switched()
    return writes


async def _switch(guest: Guest, name: str, switched: Callable[[], Awaitable[None]]) -> None:
    """While the CPUs stand still both images say the same: so it is known which is right, whenever xend or the host
    dies. What `switched` raises leaves them so.
    """
    runs = (await guest.execute("query-status"))["running"]
    if runs:
        await guest.stop()
    try:
        await guest.execute("job-complete", {"id": name}, seconds=SLOW)
        job = await concluded(guest, name)
        done = job is None or "error" not in job
    except BaseException:
        if runs:
            await guest.run_on()
        raise
    if done:
        await switched()
    if runs:
        await guest.run_on()


async def _nodes(guest: Guest) -> dict[str, Node]:
    return await nodes_of(guest, guest.process.pid)


async def _only_read(guest: Guest, paths: Sequence[str]) -> None:
    """The guest only reads these images from now on: others may be based on them, too."""
    for node in (await _nodes(guest)).values():
        for number in node.descriptors if node.path in paths else ():
            with copied(guest.process, number) as copy:
                only_reads(copy)


async def _let_write(guest: Guest, node: Node) -> None:
    """QEMU is about to write to an image that it only reads."""
    for number in node.descriptors:
        with copied(guest.process, number) as copy:
            unlock(copy)
    try:
        await _hand_over(guest, node, claim=True)
    except BaseException:
        await _only_read(guest, [node.path])
        raise


async def _hand_over(guest: Guest, node: Node, *, claim: bool) -> None:
    """Give QEMU a descriptor with which it can write to an image that it has; with `claim` nobody else may use it."""
    try:
        writer = os.open(f"/proc/{guest.process.pid}/fd/{node.descriptors[0]}", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise engine_failed(f"the image {node.path} cannot be written to: {error.strerror}") from error
    try:
        if claim:
            lock(writer, write=True, path=node.path)
        guest.send(writer)
        await guest.execute("add-fd", {"fdset-id": node.set, "opaque": node_name(_target_of(node.name))})
    finally:
        os.close(writer)


def _target_of(name: str) -> str:
    return name.removeprefix(node_name("")).partition(".")[0].partition("-")[0]
