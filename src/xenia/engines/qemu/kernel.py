"""Direct boot: whether QEMU can boot a kernel of the host or of the guest's image, and with which command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from xenia.engines.kernel import Judge, refuse_no_kernel, said_of
from xenia.engines.kernel import prepare_boot as prepare
from xenia.engines.qemu.command_line import qemu_command_line
from xenia.engines.qemu.disk_names import is_virtio
from xenia.engines.remarks import error, note
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig
from xenia.model.errors import XeniaError, invalid
from xenia.storage.inspect import Inspect
from xenia.storage.kernel import KernelFacts, PreparedBoot
from xenia.storage.open import OpenedDisk
from xenia.storage.paths import Roots

_VIRTIO_SINCE = (2, 6, 25)
"""The first Linux with a driver for virtio on PCI (drivers/virtio/virtio_pci.c; virtio_blk itself is one release
older)."""


async def prepare_boot(
    config: DomainConfig, roots: Roots, disks: Sequence[OpenedDisk], inspect: Inspect
) -> PreparedBoot | None:
    """As engines.kernel.prepare_boot, on QEMU."""
    return await prepare(config, roots, disks, inspect, Judge(_refuse_unbootable, qemu_command_line))


def _refuse_unbootable(config: DomainConfig, path: str, facts: KernelFacts) -> None:
    refuse_no_kernel(config, path, facts)
    said = said_of(path, facts)
    if not facts.bare_metal:
        raise invalid(
            f"{said} is a Xen-only kernel: it has no entry for a machine without Xen",
            "run it on the xen engine, or use the distribution's ordinary kernel and its initrd",
        )
    if facts.form == "elf" and not facts.pvh:
        raise invalid(
            f"{said} is an uncompressed kernel without a PVH entry, which QEMU cannot start",
            "use the compressed kernel (vmlinuz, bzImage) of the same build",
        )
    if _release(facts.version) < _VIRTIO_SINCE and any(is_virtio(disk, config.kind) for disk in config.disks):
        raise invalid(
            f"{said} knows no virtio disks: those came with Linux {'.'.join(map(str, _VIRTIO_SINCE))}",
            "use a newer kernel, or write builder = 'hvm' with the disk as hda, so that it is an IDE disk",
        )


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a Linux version; those of the future where it has none."""
    match = re.match(r"(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?", version)
    return tuple(int(number or 0) for number in match.groups()) if match else (1 << 20,)


def explain_kernel(config: DomainConfig) -> Iterator[Complaint]:
    """What of the kernel's command line is different here."""
    if not config.boot.direct:
        return
    try:
        line = qemu_command_line(config, config.boot.command_line)
    except XeniaError as refused:
        yield error("extra", refused.message, refused.hint)
        return
    for remark in line.notes:
        yield note("root" if "root=" in remark else "extra", remark)
