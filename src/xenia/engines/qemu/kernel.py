"""Direct boot: whether QEMU can boot a kernel of the host or of the guest's image, and with which command line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from xenia.engines.qemu.command_line import qemu_command_line
from xenia.engines.qemu.disk_names import is_virtio
from xenia.engines.qemu.remarks import error, note
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import ResourceError, XeniaError, invalid
from xenia.storage.bootloader import boot_disk, boot_from_image
from xenia.storage.inspect import Inspect
from xenia.storage.kernel import KernelFacts, PreparedBoot, close_boot, open_kernel, open_ramdisk
from xenia.storage.loader_options import loader_options
from xenia.storage.open import OpenedDisk
from xenia.storage.paths import Roots, shell_word

_VIRTIO_SINCE = (2, 6, 25)
"""The first Linux with a driver for virtio on PCI (drivers/virtio/virtio_pci.c; virtio_blk itself is one release
older)."""


async def prepare_boot(
    config: DomainConfig, roots: Roots, disks: Sequence[OpenedDisk], inspect: Inspect
) -> PreparedBoot | None:
    """What a guest that boots a kernel, of the host or of its own image, needs on QEMU; None for one that boots by
    firmware, and where the disk that a boot loader would read is not among the opened `disks`.

    The descriptors belong to the caller, who ends with `close_boot`. Raises ResourceError under the key `kernel`,
    `ramdisk`, `extra` or `bootloader`: invalid for what cannot boot on QEMU, with the way out; not_found, denied or
    unavailable for what cannot be had. Then nothing stays open.
    """
    boot = config.boot
    if boot.kernel is None:
        if config.kind is Kind.HVM:
            return None
        if boot.bootloader is None:
            raise _no_kernel(config)
        with _blaming("bootloader"):
            return await _from_image(config, disks, inspect)
    path = boot.kernel
    with _blaming("extra"):
        line = qemu_command_line(config, boot.command_line)
    with _blaming("kernel"):
        kernel, facts = await open_kernel(path, roots, inspect, partial(_refuse_unbootable, config, path))
    try:
        with _blaming("ramdisk"):
            ramdisk = await open_ramdisk(boot.ramdisk, roots) if boot.ramdisk else None
    except BaseException:
        os.close(kernel)
        raise
    return PreparedBoot(kernel, ramdisk, line.text, facts)


async def _from_image(config: DomainConfig, disks: Sequence[OpenedDisk], inspect: Inspect) -> PreparedBoot | None:
    """What the guest's own image boots, its command line made true on QEMU."""
    options = loader_options(config.boot)
    disk = boot_disk(config.disks, disks)
    if disk is None:
        return None
    image = await boot_from_image(disk, options, inspect, partial(_refuse_unbootable, config))
    try:
        line = qemu_command_line(config, image.prepared.command_line)
    except XeniaError:
        close_boot(image.prepared)
        raise
    notes = tuple(("bootloader", said) for said in (str(image), *line.notes))
    return replace(image.prepared, command_line=line.text, notes=notes)


@contextmanager
def _blaming(key: str) -> Iterator[None]:
    """Errors inside are the fault of `key` in the guest file."""
    try:
        yield
    except XeniaError as error:
        raise ResourceError(key, error) from error


def _no_kernel(config: DomainConfig) -> ResourceError:
    refused = invalid(
        f"{config.name} is a paravirtual guest without a kernel",
        "name one (kernel = '/boot/vmlinuz-...'), or write builder = 'hvm' for a guest that boots from its disk",
    )
    return ResourceError("kernel", refused)


def _refuse_unbootable(config: DomainConfig, path: str, facts: KernelFacts) -> None:
    said = f"'{path}'" + (f" ({facts.version.split(' ', 1)[0]})" if facts.version else "")
    if facts.form == "unknown":
        raise invalid(
            f"{said} is not a kernel: it is neither a bzImage nor an x86 ELF file",
            f"name a vmlinuz file in kernel=; what this one is tells: file -L {shell_word(path)}"
            if config.boot.direct
            else "name a vmlinuz file of the image: bootargs = '--kernel=PATH', or --entry=N for another entry",
        )
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
