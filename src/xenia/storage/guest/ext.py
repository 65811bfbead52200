"""Reading ext2, ext3 and ext4: the super block, group descriptors, inodes and what is in files.

Source: Linux Documentation/filesystems/ext4 (super.rst, group_descr.rst, inodes.rst). A journal is not replayed: what a
guest had not written back when it ended is missing, as it is for a boot loader on real hardware.
"""

from __future__ import annotations

import stat
import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from xenia.storage.guest.blocks import Blocks, Recent, Unreadable
from xenia.storage.guest.ext_map import extent_spans, mapped_spans, runs

_MAGIC = 0xEF53
_CHUNK = 1 << 20
ROOT = 2

_JOURNAL_DEVICE, _META_BG, _WIDE = 0x8, 0x10, 0x80
_KNOWN = 0x2 | 0x4 | _META_BG | 0x40 | _WIDE | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000
"""Incompatible features that a reader can do with: filetype, recover, meta_bg, extents, 64bit, mmp, flex_bg, ea_inode,
csum_seed, largedir, inline_data, encrypt, casefold."""
_SPARSE_SUPER, _SPARSE_SUPER2 = 0x1, 0x200
_ENCRYPTED, _EXTENTS, _INLINE = 0x800, 0x80000, 0x10000000


@dataclass(frozen=True, slots=True)
class Inode:
    """`size` in bytes; `block` the 60 bytes that lead to its content."""

    number: int
    mode: int
    size: int
    flags: int
    block: bytes

    @property
    def folder(self) -> bool:
        return stat.S_ISDIR(self.mode)

    @property
    def link(self) -> bool:
        return stat.S_ISLNK(self.mode)

    @property
    def file(self) -> bool:
        return stat.S_ISREG(self.mode)


def is_ext(partition: Blocks) -> bool:
    """Whether `partition` begins as a file system of this family does."""
    return partition.size >= 2048 and partition.read(1024 + 56, 2) == _MAGIC.to_bytes(2, "little")


class Ext:
    """The file system that fills `partition`. Raises Unreadable for one that is broken or too new."""

    def __init__(self, partition: Blocks) -> None:
        self._partition = partition
        raw = partition.read(1024, 1024)
        self._read_geometry(raw)
        compatible, incompatible, read_only = struct.unpack_from("<III", raw, 92)
        if incompatible & _JOURNAL_DEVICE:
            raise Unreadable("it is only the journal of another file system")
        if unknown := incompatible & ~_KNOWN:
            raise Unreadable(f"its ext4 file system uses features that are not known here ({unknown:#x})")
        wide = bool(incompatible & _WIDE)
        self._descriptor_size = struct.unpack_from("<H", raw, 254)[0] if wide else 32
        if not 32 <= self._descriptor_size <= min(1024, self.block_size):
            raise Unreadable("its ext4 super block holds impossible numbers")
        self._wide = wide and self._descriptor_size >= 64
        self._meta_from = struct.unpack_from("<I", raw, 0x104)[0] if incompatible & _META_BG else None
        self._sparse = bool(read_only & _SPARSE_SUPER)
        self._backups = struct.unpack_from("<II", raw, 0x24C) if compatible & _SPARSE_SUPER2 else None
        self.uuid = str(uuid.UUID(bytes=raw[104:120]))
        self.label = raw[120:136].split(b"\0")[0].decode("utf-8", "replace")
        self._block = Recent(64, self._read_block)

    def _read_geometry(self, raw: bytes) -> None:
        self._inodes, blocks, self._first, log_size = struct.unpack_from("<II12xII", raw)
        self._per_group, self._inodes_per_group = struct.unpack_from("<I4xI", raw, 32)
        revision = struct.unpack_from("<I", raw, 76)[0]
        self._inode_size = struct.unpack_from("<H", raw, 88)[0] if revision else 128
        if log_size > 6:
            raise Unreadable("its ext4 super block holds impossible numbers")
        self.block_size = 1024 << log_size
        sound = blocks and self._per_group and self._inodes_per_group and self._first <= 1
        if not sound or not 128 <= self._inode_size <= self.block_size:
            raise Unreadable("its ext4 super block holds impossible numbers")

    def inode(self, number: int) -> Inode:
        """Raises Unreadable for a number that does not exist or a table that cannot be read."""
        if not 0 < number <= self._inodes:
            raise Unreadable("a folder names a file that cannot exist")
        group, index = divmod(number - 1, self._inodes_per_group)
        table = self._inode_table(group) * self.block_size
        raw = self._partition.read(table + index * self._inode_size, 128)
        mode, low = struct.unpack_from("<H2xI", raw)
        flags = struct.unpack_from("<I", raw, 32)[0]
        high = struct.unpack_from("<I", raw, 108)[0] if stat.S_ISREG(mode) else 0
        return Inode(number, mode, low | high << 32, flags, raw[40:100])

    def _inode_table(self, group: int) -> int:
        per_block = self.block_size // self._descriptor_size
        meta, index = divmod(group, per_block)
        # Blocks of 1 KiB are counted from 0 with bigalloc only; the super block is the second one then as well.
        first = self._first or (1 if self.block_size == 1024 else 0)
        if self._meta_from is None or meta < self._meta_from:
            block = first + 1 + meta
        else:
            leader = meta * per_block
            start = self._first + leader * self._per_group if leader else first
            block = start + (1 if self._has_super(leader) else 0)
        raw = self._block(block)
        at = index * self._descriptor_size
        low: int = struct.unpack_from("<I", raw, at + 8)[0]
        return low | (struct.unpack_from("<I", raw, at + 0x28)[0] << 32 if self._wide else 0)

    def _has_super(self, group: int) -> bool:
        """Whether a copy of the super block begins the group."""
        if self._backups is not None:
            return group == 0 or group in self._backups
        if not self._sparse or group <= 1:
            return True
        return any(_is_power(group, base) for base in (3, 5, 7))

    def _read_block(self, number: int) -> bytes:
        return self._partition.read(number * self.block_size, self.block_size)

    def chunks(self, inode: Inode) -> Iterator[bytes]:
        """What the file holds, in pieces of at most 1 MiB. Raises Unreadable, perhaps in the middle."""
        if inode.flags & _ENCRYPTED:
            raise Unreadable("the file is encrypted")
        if inode.flags & _INLINE:
            raise Unreadable("the file is kept within its inode (inline_data), which is not read here")
        total = -(-inode.size // self.block_size)
        if inode.flags & _EXTENTS:
            spans = extent_spans(inode.block, self._block)
        else:
            spans = mapped_spans(inode.block, self.block_size, total, self._block)
        remaining = inode.size
        most = _CHUNK // self.block_size
        for physical, count in runs(spans, total):
            while count:
                blocks = min(count, most)
                length = min(blocks * self.block_size, remaining)
                yield self._partition.read(physical * self.block_size, length) if physical else bytes(length)
                physical += blocks if physical else 0
                count -= blocks
                remaining -= length

    def read(self, inode: Inode, limit: int) -> bytes:
        """The whole of a small file; Unreadable where it has more than `limit` bytes."""
        if inode.size > limit:
            raise Unreadable(f"a file of {inode.size} bytes is larger than it may be ({limit})")
        return b"".join(self.chunks(inode))

    def target(self, inode: Inode) -> str:
        """Where a symbolic link points to."""
        if inode.size < 60 and not inode.flags & (_EXTENTS | _INLINE | _ENCRYPTED):
            return inode.block[: inode.size].decode("utf-8", "surrogateescape")
        return self.read(inode, 4096).decode("utf-8", "surrogateescape")


def _is_power(number: int, base: int) -> bool:
    while number % base == 0:
        number //= base
    return number == 1
