"""vbd: a disk or CD-ROM of a domain, as its guest file asks for it."""

from __future__ import annotations

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
class Disk:
    """One item of `disk = [...]`.

    `target` is the virtual device without /dev/ (`hda`, `xvda1`, `scd0`); `script` a block script of the
    administrator, if named; `item` its index in the list, from 0 (vdev order in error messages).
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

    @property
    def empty(self) -> Disk:
        """The drive without its medium."""
        return replace(self, path="", source=DiskSource.EMPTY, format=DiskFormat.RAW)
