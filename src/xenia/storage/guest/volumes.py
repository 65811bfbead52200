"""The file systems of a disk that can be read here, and what is in the places of those that cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xenia.storage.guest.blocks import Blocks, Unreadable, Window
from xenia.storage.guest.ext import Ext, Inode, is_ext
from xenia.storage.guest.ext_tree import Tree
from xenia.storage.guest.partitions import Partition, read_partitions
from xenia.storage.guest.signatures import name_content

_DEVICE = re.compile(r"(?:[hf]d\d+|xen/xvd[a-z]+|xvd[a-z]+)?,?(?:msdos|gpt)?(?P<number>\d{1,4})")


@dataclass(frozen=True, slots=True)
class Volume:
    """One file system that can be read."""

    partition: Partition
    tree: Tree

    @property
    def name(self) -> str:
        return self.partition.name

    def answers(self, root: str, *, legacy: bool) -> bool:
        """Whether `root`, as menu.Entry has it, means this one. Its number of the disk is not asked for: a guest's
        first disk may have been another one where the menu was made.
        """
        kind, equals, value = root.partition("=")
        if equals and kind == "UUID":
            return value.lower() == self.tree.ext.uuid
        if equals and kind == "LABEL":
            return value == self.tree.ext.label
        if equals and kind == "FILE":
            return self.tree.file(value) is not None
        match = _DEVICE.fullmatch(root) if "," in root else None
        return match is not None and int(match["number"]) + legacy == self.partition.number


@dataclass(frozen=True, slots=True)
class Volumes:
    """`others` says what was found beside the readable ones, as `partition 2 is LVM`."""

    readable: tuple[Volume, ...]
    others: tuple[str, ...]

    def in_order(self, first: Volume, roots: list[str], *, legacy: bool) -> Iterator[Volume]:
        """All volumes: those that `roots` name, then `first`, then the rest."""
        named = [one for root in roots if root for one in self.readable if one.answers(root, legacy=legacy)]
        seen: list[Volume] = []
        for one in (*named, first, *self.readable):
            if one not in seen:
                seen.append(one)
                yield one


@dataclass(frozen=True, slots=True)
class Found:
    """A file in an image. `path` is for people."""

    path: str
    volume: Volume
    inode: Inode

    def chunks(self) -> Iterator[bytes]:
        return self.volume.tree.ext.chunks(self.inode)


def open_volumes(disk: Blocks, offset: int | None) -> Volumes:
    """What is on `disk`; with `offset` only what begins there, in bytes. Raises Unreadable only where the disk itself
    cannot be read.
    """
    if offset is not None:
        if offset >= disk.size:
            raise Unreadable(f"it ends before byte {offset}, where --offset tells to look")
        places = [Partition(0, offset, disk.size - offset)]
    else:
        places = read_partitions(disk)
    readable, others = [], []
    for place in places:
        window = Window(disk, place.start, place.size)
        try:
            if is_ext(window):
                readable.append(Volume(place, Tree(Ext(window))))
            elif name := name_content(window):
                others.append(f"{place.name} is {name}")
            elif place.number or len(places) == 1:
                others.append(f"{place.name} holds no file system that is known here")
        except Unreadable as error:
            others.append(f"{place.name} cannot be read: {error.message}")
    return Volumes(tuple(readable), tuple(others))
