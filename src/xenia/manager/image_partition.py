"""Giving an empty image a partition table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xenia.lib.codec import to_plain
from xenia.lib.steps import step
from xenia.lib.text import printable
from xenia.manager.images import Images
from xenia.model.caller import Caller
from xenia.model.errors import conflict, invalid
from xenia.model.image import Image, Layout, NewPartition, TableKind
from xenia.model.job import Job
from xenia.model.operations import IMAGE_OPERATIONS, require
from xenia.storage.images.partition import check
from xenia.storage.images.partition import partition as write_table
from xenia.storage.paths import find


def partition(
    images: Images, path: str, table: TableKind, wanted: Sequence[NewPartition], caller: Caller, *, force: bool = False
) -> Job:
    """Give an image a table with the partitions `wanted`. The result is `{"path", "layout": Layout, "notes"}`.

    Fails with a conflict for one that has a table or known content already, unless `force`; with invalid for what is
    neither raw nor qcow2 or is based on another image, and as storage.images.partition does.
    """
    operation = IMAGE_OPERATIONS["disk partition"]
    require(caller.role, operation)
    roots = images.roots(caller)

    async def work() -> dict[str, Any]:
        seen, notes = await images.look(path, roots)
        image = seen.image
        check(image.size, table, wanted)
        _refuse_others(image)
        if not force:
            _refuse_full(image, await images.looker.layout([image.path], [image.format]))
        step(f"writes a table with {len(wanted)} partitions to {image.path}")
        with find(path, roots) as place:
            await write_table(place, image.format, image.size, table, wanted, images.qemu_img)
        layout = await images.looker.layout([image.path], [image.format])
        return {"path": image.path, "layout": to_plain(layout), "notes": list(notes)}

    return images.jobs.start(operation.name, path, caller, work)


def _refuse_others(image: Image) -> None:
    shown = printable(image.path)
    if image.problem or image.format not in ("raw", "qcow2"):
        why = image.problem or f"it is {image.format}, neither raw nor qcow2"
        raise invalid(f"'{shown}' cannot be given partitions: {why}")
    if image.backing:
        raise invalid(
            f"'{shown}' is based on {printable(image.backing)}, and has the partitions of that",
            f"make one that stands alone: xm disk convert {shown} NEW",
        )


def _refuse_full(image: Image, layout: Layout) -> None:
    has = f"a table of {len(layout.partitions)} partitions" if layout.table else layout.content or layout.problem
    if has:
        raise conflict(
            f"'{printable(image.path)}' holds {has}, which would be lost",
            f"if it is to be: xm disk partition --force {printable(image.path)} ...",
        )
