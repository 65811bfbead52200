"""Dirty bitmaps of the images that a guest writes to.

QEMU records into them while the guest runs, keeps them in the qcow2 image itself when it ends, and marks them there as
being in use until then: so one that a killed QEMU has not written back is known to be of no use.

A bitmap in an image below an overlay says nothing of what is written to the overlay. So it is none of the disk's, and
is removed before the overlay is merged into its image.
"""

from __future__ import annotations

from typing import Any

from xenia.engines.qemu.block_jobs import SLOW
from xenia.engines.qemu.nodes import tops_of
from xenia.engines.qemu.pci import Qemu
from xenia.model.bitmap import Bitmap, no_bitmap, require_usable
from xenia.model.errors import conflict, engine_failed

_NOT_WRITTEN_BACK = "what ended its guest last did not let QEMU write it back"
_NOT_RECORDING = "QEMU does not record into it"


async def bitmaps_of(qemu: Qemu, target: str) -> tuple[Bitmap, ...]:
    """As engines.base.ExportsDisks.bitmaps."""
    return await _at(qemu, await _top(qemu, target), target)


async def add_bitmap(qemu: Qemu, target: str, name: str) -> None:
    """As engines.base.ExportsDisks.add_bitmap."""
    top = await _top(qemu, target)
    if any(each.name == name for each in await _at(qemu, top, target)):
        raise conflict(f"{target} has a bitmap '{name}' already", "a new name for each backup: its date, say")
    await qemu.execute("block-dirty-bitmap-add", {"node": top, "name": name, "persistent": True}, seconds=SLOW)


async def remove_bitmap(qemu: Qemu, target: str, name: str) -> None:
    """As engines.base.ExportsDisks.remove_bitmap."""
    top = await _top(qemu, target)
    if all(each.name != name for each in await _at(qemu, top, target)):
        raise no_bitmap(target, name)
    await qemu.execute("block-dirty-bitmap-remove", {"node": top, "name": name}, seconds=SLOW)


async def remove_all(qemu: Qemu, node: str) -> None:
    """Remove those of a node that can be written to. Raises engine_failed."""
    for each in await _at(qemu, node, ""):
        await qemu.execute("block-dirty-bitmap-remove", {"node": node, "name": each.name}, seconds=SLOW)


async def put_beside(qemu: Qemu, target: str, name: str, node: str) -> None:
    """Put a copy of a bitmap, as it is now, upon `node`, where nothing is recorded into it. Raises not_found, a
    conflict for one that is of no use, engine_failed.
    """
    top = await _top(qemu, target)
    found = next((each for each in await _at(qemu, top, target) if each.name == name), None)
    if found is None:
        raise no_bitmap(target, name)
    require_usable(found)
    copy = {"node": node, "name": name, "granularity": found.granularity, "disabled": True}
    await qemu.execute("block-dirty-bitmap-add", copy)
    merge = {"node": node, "target": name, "bitmaps": [{"node": top, "name": name}]}
    await qemu.execute("block-dirty-bitmap-merge", merge, seconds=SLOW)


async def _at(qemu: Qemu, node: str, target: str) -> tuple[Bitmap, ...]:
    told = await qemu.execute("query-named-block-nodes", {"flat": True})
    found: dict[str, Any] = next((each for each in told if each["node-name"] == node), {})
    return tuple(_bitmap(each, target) for each in found.get("dirty-bitmaps", ()) if each.get("name"))


def _bitmap(told: dict[str, Any], target: str) -> Bitmap:
    problem = _NOT_WRITTEN_BACK if told.get("inconsistent") else "" if told["recording"] else _NOT_RECORDING
    return Bitmap(target, str(told["name"]), int(told["count"]), int(told["granularity"]), problem)


async def _top(qemu: Qemu, target: str) -> str:
    top = (await tops_of(qemu)).get(target)
    if top is None:
        raise engine_failed(f"QEMU has no image in {target} any more")
    return top
