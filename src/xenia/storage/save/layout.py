"""How a save file is laid out (docs/reference/save-file.md).

memory      from the first byte, so that it can be mapped; what the guest never touched is a hole
state       what the engine says of the devices, in the engine's own form
checksums   XXH3 (64 bits) of each chunk of the memory, then of the state
metadata    SaveInfo, as JSON
trailer     where all that is; the last bytes of the file
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from xxhash import xxh3_64_intdigest

CHUNK = 2 << 20
"""Bytes that one checksum covers."""

MAGIC = b"XeniaSav"
VERSION = 2

_TRAILER = struct.Struct("<8sIIQQQ16sI")
_CHECK = struct.Struct("<I")
TRAILER_SIZE = _TRAILER.size + _CHECK.size
CHECKSUM_SIZE = 8

ZEROS = xxh3_64_intdigest(bytes(CHUNK))
"""The checksum of a chunk that is a hole."""


class Unreadable(ValueError):
    """This is no save, or not a whole one; the text says why."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes in bytes. `tail` is the CRC-32 of checksums and metadata; `id` names this very save, 32 hex digits."""

    id: str
    memory: int
    state: int
    metadata: int
    tail: int

    @property
    def checksums_at(self) -> int:
        return self.memory + self.state

    @property
    def checksums(self) -> int:
        return CHECKSUM_SIZE * (chunks(self.memory) + chunks(self.state))

    @property
    def metadata_at(self) -> int:
        return self.checksums_at + self.checksums

    @property
    def size(self) -> int:
        """Of the whole file."""
        return self.metadata_at + self.metadata + TRAILER_SIZE

    def trailer(self) -> bytes:
        packed = _TRAILER.pack(
            MAGIC, VERSION, CHUNK, self.memory, self.state, self.metadata, bytes.fromhex(self.id), self.tail
        )
        return packed + _CHECK.pack(zlib.crc32(packed))


def chunks(size: int) -> int:
    """How many chunks so many bytes are."""
    return -(-size // CHUNK)


def pieces(size: int) -> Iterator[tuple[int, int]]:
    """Offset and length of each chunk of a section."""
    return ((offset, min(CHUNK, size - offset)) for offset in range(0, size, CHUNK))


def read_trailer(last: bytes, size: int) -> Layout:
    """The layout of a file of `size` bytes that ends with `last`. Raises Unreadable."""
    if len(last) != TRAILER_SIZE or not last.startswith(MAGIC):
        raise Unreadable("it does not end as a save of Xenia does: it is none, or its end is missing")
    magic, version, chunk, memory, state, metadata, identity, tail = _TRAILER.unpack(last[: -_CHECK.size])
    del magic
    if _CHECK.unpack(last[-_CHECK.size :]) != (zlib.crc32(last[: -_CHECK.size]),):
        raise Unreadable("its last bytes are damaged")
    if version != VERSION or chunk != CHUNK:
        raise Unreadable(f"it has the form {version}, and this Xenia knows form {VERSION}")
    layout = Layout(identity.hex(), memory, state, metadata, tail)
    if layout.size != size:
        raise Unreadable(f"it has {size} bytes, and should have {layout.size}")
    return layout
