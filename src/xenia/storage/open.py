"""An image opened for one guest: descriptors instead of paths, and the locks on them."""

from __future__ import annotations

from dataclasses import dataclass

from xenia.model.disk import Disk, DiskFormat


@dataclass(frozen=True, slots=True)
class ImageLayer:
    """One file of an image's chain. `descriptor` is open (read-write for a writable top, else read-only) and, where the disk asks for it, locked.

    `size` is the virtual size in bytes; `block_device` tells /dev/sdb from a file.
    """

    path: str
    format: DiskFormat
    descriptor: int
    writable: bool
    size: int
    block_device: bool = False


@dataclass(frozen=True, slots=True)
class OpenedDisk:
    """`layers` from the top down to the last backing file; empty for a drive without a medium."""

    disk: Disk
    layers: tuple[ImageLayer, ...] = ()
