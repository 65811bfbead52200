"""Under which names a Linux guest finds its disks when QEMU runs it.

Source: Linux drivers/block/virtio_blk.c names its disks vda, vdb ... as they are found, which is in the order of their
slots.
"""

from __future__ import annotations

from xenia.model.disk import Disk, DiskBus, DiskSource
from xenia.model.domain import DomainConfig, Kind


def is_virtio(disk: Disk, kind: Kind) -> bool:
    """Whether `disk` is a virtio-blk disk on QEMU: xvdX and vdX, and any disk of a paravirtual guest, whatever its
    target says.

    A CD-ROM of an HVM guest never is, and no empty drive: virtio has none.
    """
    if kind is Kind.HVM:
        return disk.bus in (DiskBus.XEN, DiskBus.VIRTIO) and not disk.cdrom
    return not (disk.cdrom and disk.source is DiskSource.EMPTY)


def qemu_disk_names(config: DomainConfig) -> dict[str, str]:
    """What the guest calls each disk on QEMU, by its target, without /dev/: virtio disks are numbered in list order.

    A target that is itself a partition (`xvda2`; Xen allows that) becomes a whole disk of its own. CD-ROMs of
    paravirtual guests are sr0, sr1 ...; every other device keeps its name.
    """
    names = {}
    disks = drives = 0
    for disk in config.disks:
        if is_virtio(disk, config.kind):
            names[disk.target] = f"vd{_letters(disks)}"
            disks += 1
        elif config.kind is not Kind.HVM:
            names[disk.target] = f"sr{drives}"
            drives += 1
        else:
            names[disk.target] = disk.target
    return names


def _letters(number: int) -> str:
    """0 is a, 25 is z, 26 is aa."""
    letters = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(ord("a") + digit) + letters
    return letters
