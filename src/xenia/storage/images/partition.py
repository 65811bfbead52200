"""A partition table for an empty disk, made by sfdisk in memory and then written to the image.

sfdisk sees no image: it gets a file in memory that is as large as the disk, and no rights. What it has written there
goes to the image, with the sector by which a table is known last: an image has a whole table or none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from xenia.lib.program import run
from xenia.model.errors import invalid, unavailable
from xenia.model.image import NewPartition, PartitionKind, TableKind
from xenia.storage.images.pieces import Piece, write_pieces
from xenia.storage.images.qemu_img import QemuImg, reason
from xenia.storage.lock import lock
from xenia.storage.open import refuse_protected
from xenia.storage.paths import Place

SECTOR = 512
_ROOM = 2 << 20
"""Bytes for the tables, and before the first partition."""
_SECONDS = 30
_SAID = 8192
_NOT_FOUND = 127
_MOST_MBR = 4
_LABELS = {TableKind.GPT: "gpt", TableKind.MBR: "dos"}
_TYPES = {
    TableKind.GPT: {
        PartitionKind.LINUX: "L",
        PartitionKind.SWAP: "S",
        PartitionKind.EFI: "U",
        PartitionKind.LVM: "V",
        PartitionKind.WINDOWS: "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7",
        PartitionKind.BIOS: "21686148-6449-6E6F-744E-656564454649",
    },
    TableKind.MBR: {
        PartitionKind.LINUX: "L",
        PartitionKind.SWAP: "S",
        PartitionKind.EFI: "U",
        PartitionKind.LVM: "V",
        PartitionKind.WINDOWS: "7",
    },
}


async def partition(
    place: Place, form: str, size: int, table: TableKind, wanted: Sequence[NewPartition], qemu_img: QemuImg
) -> None:
    """Give the raw or qcow2 image `place`, of `size` bytes and based on nothing, a table with these partitions.

    Raises invalid for partitions that cannot be, denied for what is protected, a conflict where somebody has it open,
    unavailable, engine_failed and OSError.
    """
    refuse_protected(place)
    descriptor = place.open(write=True)
    try:
        lock(descriptor, write=True, path=place.path)
        pieces = await _made(size, table, wanted, qemu_img)
        await write_pieces(descriptor, place, form, pieces, qemu_img)
    finally:
        os.close(descriptor)


def check(size: int, table: TableKind, wanted: Sequence[NewPartition]) -> None:
    """Raises invalid for partitions that cannot be on a disk of `size` bytes."""
    for one in wanted:
        if one.kind not in _TYPES[table]:
            raise invalid(f"there is no partition of the kind {one.kind} in a table of the kind {table}")
        if one.size is not None and (one.size < SECTOR or one.size % SECTOR):
            raise invalid(f"a partition cannot have {one.size} bytes: it consists of whole sectors of {SECTOR} bytes")
    if table is TableKind.MBR and len(wanted) > _MOST_MBR:
        raise invalid(f"an mbr table has at most {_MOST_MBR} partitions here", "make a gpt table: --table gpt")
    if any(one.size is None for one in wanted[:-1]):
        raise invalid("only the last partition can have the rest of the disk", "for example: --add 512m,efi --add rest")
    needed = _ROOM + sum(one.size or 0 for one in wanted)
    if needed > size:
        raise invalid(
            f"the partitions need {needed >> 20} MiB with their table, and the disk has {size >> 20} MiB",
            "make the disk larger: xm disk resize",
        )


async def _made(size: int, table: TableKind, wanted: Sequence[NewPartition], qemu_img: QemuImg) -> list[Piece]:
    """What is to be written, in this order."""
    disk = os.memfd_create("disk", os.MFD_CLOEXEC)
    try:
        os.ftruncate(disk, size)
        words = ["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", "--wipe", "never", f"/proc/self/fd/{disk}"]
        script = "\n".join([f"label: {_LABELS[table]}", *(_line(one, table) for one in wanted), ""])
        try:
            words = [*qemu_img.confined(size), *words]
            ended = await run(words, script, seconds=_SECONDS, descriptors=[disk], most=_SAID)
        except FileNotFoundError as error:
            raise unavailable("sfdisk is not installed", "apt install fdisk") from error
        if ended.code == _NOT_FOUND:
            raise unavailable("sfdisk is not installed", "apt install fdisk")
        if ended.code != 0:
            raise invalid(f"no such table can be made: {reason(ended.err)}")
        (_, first), *others = _written(disk)
    finally:
        os.close(disk)
    return [*others, (SECTOR, first[SECTOR:]), (0, first[:SECTOR])]


def _line(one: NewPartition, table: TableKind) -> str:
    size = "+" if one.size is None else str(one.size // SECTOR)
    return f"size={size}, type={_TYPES[table][one.kind]}{', bootable' if one.boot else ''}"


def _written(disk: int) -> Iterator[Piece]:
    """What lies in the file, its holes left out."""
    position = 0
    while True:
        try:
            position = os.lseek(disk, position, os.SEEK_DATA)
        except OSError:  # there is no more
            return
        end = os.lseek(disk, position, os.SEEK_HOLE)
        yield position, os.pread(disk, end - position, position)
        position = end
