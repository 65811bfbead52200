"""Reading a qcow2 image with what it is based on.

Source: QEMU's docs/interop/qcow2.txt. Every number in these tables is a stranger's: nothing is followed that does not
lie where the header says, and what is read for one request is bounded by one cluster at a time.
"""

from __future__ import annotations

import os
import struct
import zlib

from xenia.storage.guest.blocks import Blocks, Recent, Unreadable, read_file

_MAGIC = b"QFI\xfb"
_OFFSET = 0x00FFFFFFFFFFFE00
_COMPRESSED = 1 << 62
_ZERO = 1
_CORRUPT, _DATA_FILE, _COMPRESSION, _EXTENDED = 1 << 1, 1 << 2, 1 << 3, 1 << 4
_TABLE_BYTES = 1 << 22
_EXPANDED_BYTES = 1 << 21
"""What tables and expanded clusters that are kept may take together, in each of up to 64 layers."""


class Qcow2Blocks:
    """The image open as `descriptor`; what it does not hold itself comes from `below`, and is zero without one.

    Raises Unreadable for an image that is not to be understood.
    """

    def __init__(self, descriptor: int, below: Blocks | None) -> None:
        self._descriptor = descriptor
        self._below = below
        head = os.pread(descriptor, 112, 0)
        if len(head) < 72 or head[:4] != _MAGIC:
            raise Unreadable("the header of its qcow2 image cannot be read")
        self._version, self._bits, self.size, crypt, self._l1_size, self._l1 = struct.unpack(">4xI12xIQIIQ", head[:48])
        if self._version not in (2, 3) or not 9 <= self._bits <= 21 or self._l1 & ~_OFFSET or self.size >> 62:
            raise Unreadable("the header of its qcow2 image holds impossible numbers")
        if crypt:
            raise Unreadable("its qcow2 image is encrypted")
        if self._version == 3:
            _refuse_features(head)
        self._cluster = 1 << self._bits
        self._table = Recent(_TABLE_BYTES >> self._bits, self._read_table)
        self._expanded = Recent(_EXPANDED_BYTES >> self._bits, self._expand)

    def read(self, offset: int, length: int) -> bytes:
        """As Blocks has it; Unreadable where a table or a compressed cluster is broken."""
        parts = []
        end = max(offset, min(offset + length, self.size))
        missing = offset + length - end
        while offset < end:
            within = offset & (self._cluster - 1)
            count = min(self._cluster - within, end - offset)
            parts.append(self._piece(offset, within, count))
            offset += count
        if missing:
            parts.append(bytes(missing))
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _piece(self, offset: int, within: int, count: int) -> bytes:
        """Bytes of one cluster."""
        entry = self._entry(offset >> self._bits)
        if entry & _COMPRESSED:
            return self._expanded(entry & (_COMPRESSED - 1))[within : within + count]
        host = entry & _OFFSET
        if self._version == 3 and entry & _ZERO:
            return bytes(count)
        if host:
            return read_file(self._descriptor, host + within, count)
        return self._below.read(offset, count) if self._below else bytes(count)

    def _entry(self, cluster: int) -> int:
        per_table = self._bits - 3
        table = self._table(cluster >> per_table)
        if not table:
            return 0
        at = (cluster & ((1 << per_table) - 1)) * 8
        return int.from_bytes(table[at : at + 8], "big")

    def _read_table(self, number: int) -> bytes:
        """The L2 table that serves the clusters of `number`; empty where there is none."""
        if number >= self._l1_size:
            raise Unreadable("its qcow2 image has too small a table for its size")
        where = int.from_bytes(read_file(self._descriptor, self._l1 + 8 * number, 8), "big") & _OFFSET
        return read_file(self._descriptor, where, self._cluster) if where else b""

    def _expand(self, entry: int) -> bytes:
        """One compressed cluster: an offset in bytes, and how many further sectors it touches."""
        width = 62 - (self._bits - 8)
        offset = entry & ((1 << width) - 1)
        length = ((entry >> width) + 1) * 512 - (offset & 511)
        try:
            content = zlib.decompressobj(-15).decompress(read_file(self._descriptor, offset, length), self._cluster)
        except zlib.error as error:
            raise Unreadable("a compressed part of its qcow2 image is damaged") from error
        if len(content) != self._cluster:
            raise Unreadable("a compressed part of its qcow2 image is cut off")
        return content


def _refuse_features(head: bytes) -> None:
    features = int.from_bytes(head[72:80], "big")
    if features & _CORRUPT:
        raise Unreadable("its qcow2 image is marked as damaged", "xm disk check --repair IMAGE repairs it")
    if features & _DATA_FILE:
        raise Unreadable("its qcow2 image keeps its data in another file")
    if features & _COMPRESSION and len(head) > 104 and head[104]:
        raise Unreadable(
            "its qcow2 image is compressed with zstd, which is not read here",
            "write it anew: qemu-img convert -O qcow2 IMAGE NEW",
        )
    if features & _EXTENDED:
        raise Unreadable(
            "its qcow2 image has subclusters (extended_l2), which are not read here",
            "write it anew: qemu-img convert -O qcow2 IMAGE NEW",
        )
    if features >> 5:
        raise Unreadable("its qcow2 image uses features that are not known here")
