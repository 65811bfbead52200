"""What a partition holds when it is not ext2, ext3 or ext4: known by its signature only, to be called by its name.

Source: libblkid's list of signatures (util-linux, libblkid/src/superblocks).
"""

from __future__ import annotations

from xenia.storage.guest.blocks import Blocks

_SIGNATURES = (
    (0, b"LUKS\xba\xbe", "encrypted (LUKS)"),
    (0, b"XFSB", "XFS"),
    (0x10040, b"_BHRfS_M", "btrfs"),
    (0x8001, b"CD001", "an ISO 9660 CD-ROM"),
    (0x10034, b"ReIsEr", "ReiserFS"),
    (0x8000, b"JFS1", "JFS"),
    (0x400, b"\x10\x20\xf5\xf2", "F2FS"),
    (0, b"hsqs", "squashfs"),
    (3, b"NTFS    ", "NTFS"),
    (4086, b"SWAPSPACE2", "swap space"),
    (4096, b"\xfc\x4e\x2b\xa9", "a member of a RAID array"),
    (0, b"\xfc\x4e\x2b\xa9", "a member of a RAID array"),
    (82, b"FAT32", "FAT"),
    (54, b"FAT1", "FAT"),
)
_LVM = b"LABELONE"


def name_content(partition: Blocks) -> str | None:
    """The name of what `partition` holds; None where nothing is recognised."""
    for offset, magic, name in _SIGNATURES:
        if _holds(partition, offset, magic):
            return name
    if any(_holds(partition, 512 * sector, _LVM) for sector in range(4)):
        return "LVM"
    return None


def _holds(partition: Blocks, offset: int, magic: bytes) -> bool:
    return offset + len(magic) <= partition.size and partition.read(offset, len(magic)) == magic
