"""vbd: a disk or CD-ROM of a domain, as its guest file asks for it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from enum import StrEnum


class DiskBus(StrEnum):
    """How the guest sees a disk; follows from the target's name (hda, sda, xvda, vda)."""

    IDE = "ide"
    SCSI = "scsi"
    XEN = "xen"
    """xvdX: a paravirtual disk; virtio on QEMU."""
    VIRTIO = "virtio"
    FLOPPY = "floppy"


class DiskMode(StrEnum):
    READ_ONLY = "r"
    WRITE = "w"
    SHARED = "w!"
    """Written by several domains at once: no lock is taken."""


class DiskFormat(StrEnum):
    RAW = "raw"
    QCOW2 = "qcow2"
    QCOW = "qcow"
    VHD = "vhd"
    VMDK = "vmdk"
    QED = "qed"


class DiskSource(StrEnum):
    """What kind of thing the path names."""

    FILE = "file"
    BLOCK = "block"
    """`phy:`: a block device; a name without a slash is one below /dev."""
    NETWORK = "network"
    """nbd:, iscsi:, rbd: ...; the whole word is kept in `path`."""
    EMPTY = "empty"
    """A drive without a medium."""


@dataclass(frozen=True, slots=True)
class NamedImage:
    """What a guest file names."""

    path: str
    source: DiskSource
    format: DiskFormat


@dataclass(frozen=True, slots=True)
class Disk:
    """One item of `disk = [...]`.

    `target` is the virtual device without /dev/ (`hda`, `xvda1`, `scd0`); `script` a block script of the
    administrator, if named; `item` its index in the list, from 0 (vdev order in error messages). Of a domain that
    writes to an overlay, `named` is what the guest file has in its place.
    """

    target: str
    path: str = ""
    source: DiskSource = DiskSource.FILE
    format: DiskFormat = DiskFormat.RAW
    bus: DiskBus = DiskBus.XEN
    mode: DiskMode = DiskMode.WRITE
    cdrom: bool = False
    script: str | None = None
    backend: str | None = None
    item: int = 0
    named: NamedImage | None = None

    @property
    def empty(self) -> Disk:
        """The drive without its medium."""
        return replace(self, path="", source=DiskSource.EMPTY, format=DiskFormat.RAW, named=None)

    def absolute(self, folder: str) -> Disk:
        """With its path from / on: that of a file may begin in `folder`, where the guest file lies, and that of a block
        device in /dev. As it is where it has none.
        """
        if self.source not in (DiskSource.FILE, DiskSource.BLOCK) or not self.path:
            return self
        return replace(self, path=os.path.join("/dev" if self.source is DiskSource.BLOCK else folder, self.path))

    @property
    def as_named(self) -> Disk:
        """As the guest file has it."""
        if self.named is None:
            return self
        return replace(self, path=self.named.path, source=self.named.source, format=self.named.format, named=None)

    def upon(self, overlay: str) -> Disk:
        """As it writes to the qcow2 image `overlay`, in the place of what the guest file names."""
        named = self.named or NamedImage(self.path, self.source, self.format)
        return replace(self, path=overlay, source=DiskSource.FILE, format=DiskFormat.QCOW2, named=named)
