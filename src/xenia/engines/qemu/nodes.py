"""Which block nodes a QEMU has for the disks of its guest, and which image is behind each: asked, never remembered.

Images come as descriptors, so QEMU knows them by the number of a set only (`/dev/fdset/3`); what is in the set is read
from its process.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xenia.engines.qemu.disk import node_name, target_of
from xenia.engines.qemu.pci import Qemu

FILTER = "export."
"""How the filter above a disk that is exported begins to be called; then follows the name of the node below it."""

STORE = "fleece-"
"""How the node, and the owner of the descriptor, of its fleecing image begins to be called, before its target."""

_SET = "/dev/fdset/"


@dataclass(frozen=True, slots=True)
class Node:
    """A node that holds the format of an image, `path`; `set` is the set of its descriptors, `descriptors` their
    numbers in QEMU.
    """

    name: str
    path: str
    set: int
    descriptors: tuple[int, ...]


async def tops_of(qemu: Qemu) -> dict[str, str]:
    """The name of the node that each disk of the guest writes to, by its target. Raises engine_failed."""
    drives = await drives_of(qemu)
    return {target: str(inserted["node-name"]).removeprefix(FILTER) for target, inserted in drives.items()}


async def drives_of(qemu: Qemu) -> dict[str, dict[str, Any]]:
    """What QEMU tells of what is in each drive of the guest, by its target. Raises engine_failed."""
    blocks = await qemu.execute("query-block")
    found = ((target_of(each), each.get("inserted")) for each in blocks)
    return {target: inserted for target, inserted in found if target and inserted}


async def exported(qemu: Qemu) -> str:
    """The target of the disk that is exported, or "". Raises engine_failed."""
    told = await qemu.execute("query-named-block-nodes", {"flat": True})
    return next(filter(None, (exported_by(str(each["node-name"])) for each in told)), "")


def exported_by(name: str) -> str:
    """The target of the disk whose filter or fleecing image is called so; "" for what is neither."""
    if name.startswith(FILTER):
        return name.removeprefix(FILTER).removeprefix(node_name("")).partition(".")[0]
    return name.removeprefix(STORE) if name.startswith(STORE) else ""


async def nodes_of(qemu: Qemu, pid: int) -> dict[str, Node]:
    """The nodes of images by their names. Raises engine_failed; a node whose descriptors are gone is left out."""
    told = await qemu.execute("query-named-block-nodes", {"flat": True})
    sets = {each["fdset-id"]: each["fds"] for each in await qemu.execute("query-fdsets")}
    return {node.name: node for node in _nodes(told, sets, pid)}


def _nodes(told: Sequence[Mapping[str, Any]], sets: Mapping[int, Sequence[Any]], pid: int) -> Iterator[Node]:
    for each in told:
        number = _set_of(str(each["file"]))
        if not str(each["node-name"]).startswith(node_name("")) or number not in sets:
            continue
        descriptors = tuple(int(member["fd"]) for member in sets[number])
        try:
            path = Path(f"/proc/{pid}/fd/{descriptors[0]}").readlink()
        except (OSError, IndexError):
            continue
        yield Node(str(each["node-name"]), str(path), number, descriptors)


def _set_of(file: str) -> int:
    """What QEMU calls the file of a node is its name, or all its options."""
    if file.startswith("json:"):
        file = json.loads(file.removeprefix("json:")).get("file", {}).get("filename", "")
    number = file.removeprefix(_SET)
    return int(number) if file.startswith(_SET) and number.isdigit() else 0


def owned(names: Sequence[str], target: str) -> list[str]:
    """Those of `names` that are nodes of the disk `target`, which QEMU lets be removed by themselves."""
    name = node_name(target)
    return [each for each in names if each == name or each.startswith(f"{name}.")]
