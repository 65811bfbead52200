"""A kernel and its ramdisk, opened, classified and fit to be booted directly."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import ResourceError, XeniaError, invalid
from xenia.storage.command_line import qemu_command_line
from xenia.storage.disk_names import is_virtio
from xenia.storage.inspect import Inspect
from xenia.storage.memory_file import expand, readable_by_all
from xenia.storage.paths import Roots, find, shell_word

_VIRTIO_SINCE = (2, 6, 25)
"""The first Linux with a driver for virtio on PCI (drivers/virtio/virtio_pci.c; virtio_blk itself is one release
older)."""


@dataclass(frozen=True, slots=True)
class KernelFacts:
    """What the headers of a kernel say.

    Sources: Linux Documentation/arch/x86/boot.rst (bzImage), Xen public/elfnote.h (ELF notes).

    `form` is `bzimage`, `elf`, `multiboot` or `unknown`; `bits` 32 or 64 (0: not known); `version` Linux's own words
    (`2.6.18-6-xen-686 (...)`). `bare_metal`: it can start without Xen. `pvh`: it has a PVH entry. `xen`: it can be a
    Xen PV guest (of a bzImage only known where its version speaks of Xen); `pae` None where nothing is said of it.
    """

    form: str
    bits: int = 0
    version: str = ""
    bare_metal: bool = True
    pvh: bool = False
    xen: bool = False
    pae: bool | None = None


@dataclass(frozen=True, slots=True)
class PreparedBoot:
    """Descriptors of kernel and ramdisk, readable by the guest's own user when opened anew through /proc/self/fd, and
    the command line to pass.

    `notes` say what in the command line is not as the guest file has it.
    """

    kernel: int
    ramdisk: int | None
    command_line: str
    facts: KernelFacts
    notes: tuple[str, ...] = ()


async def prepare_boot(config: DomainConfig, roots: Roots, inspect: Inspect) -> PreparedBoot | None:
    """What a guest that boots a kernel of the host needs on QEMU; None for one that boots by firmware.

    The descriptors belong to the caller, who ends with `close_boot`. Raises ResourceError under the key `kernel`,
    `ramdisk`, `extra` or `bootloader`: invalid for what cannot boot on QEMU, with the way out; not_found, denied or
    unavailable for what cannot be had. Then nothing stays open.
    """
    boot = config.boot
    if boot.kernel is None:
        if config.kind is Kind.HVM:
            return None
        raise _no_kernel(config)
    with _blaming("extra"):
        line = qemu_command_line(config)
    with _blaming("kernel"):
        kernel, facts = await _open_kernel(config, boot.kernel, roots, inspect)
    try:
        with _blaming("ramdisk"):
            ramdisk = await _open_ramdisk(boot.ramdisk, roots) if boot.ramdisk else None
    except BaseException:
        os.close(kernel)
        raise
    return PreparedBoot(kernel, ramdisk, line.text, facts, line.notes)


def close_boot(prepared: PreparedBoot) -> None:
    """Close what `prepare_boot` opened. Called once."""
    os.close(prepared.kernel)
    if prepared.ramdisk is not None:
        os.close(prepared.ramdisk)


@contextmanager
def _blaming(key: str) -> Iterator[None]:
    """Errors inside are the fault of `key` in the guest file."""
    try:
        yield
    except XeniaError as error:
        raise ResourceError(key, error) from error


async def _open_kernel(config: DomainConfig, path: str, roots: Roots, inspect: Inspect) -> tuple[int, KernelFacts]:
    """The kernel at `path`, in a form that QEMU boots, and what it is."""
    descriptor = _open_file(path, roots)
    try:
        found = await inspect("classify_kernel", {}, [descriptor])
        compressed = found.pop("compressed", False)
        facts = KernelFacts(**found)
        _refuse_unbootable(config, path, facts)
        if compressed:
            return await expand(descriptor, path, inspect), facts
        return await readable_by_all(descriptor), facts
    finally:
        os.close(descriptor)


async def _open_ramdisk(path: str, roots: Roots) -> int:
    descriptor = _open_file(path, roots)
    try:
        return await readable_by_all(descriptor)
    finally:
        os.close(descriptor)


def _open_file(path: str, roots: Roots) -> int:
    with find(path, roots) as place:
        if not stat.S_ISREG(place.mode):
            kind = "a folder" if stat.S_ISDIR(place.mode) else "not a file"
            raise invalid(f"'{place.path}' is {kind}", f"look what is there: ls -l {shell_word(place.path)}")
        if os.fstat(place.descriptor).st_size == 0:
            raise invalid(f"'{place.path}' is empty")
        return place.open(write=False)


def _no_kernel(config: DomainConfig) -> ResourceError:
    if config.boot.bootloader:
        error = invalid(
            f"the boot loader {config.boot.bootloader} does not run here yet; it takes kernels out of guests' disks",
            "copy the guest's kernel and initrd to the host and name them: kernel = '...' and ramdisk = '...'",
        )
        return ResourceError("bootloader", error)
    error = invalid(
        f"{config.name} is a paravirtual guest without a kernel",
        "name one (kernel = '/boot/vmlinuz-...'), or write builder = 'hvm' for a guest that boots from its disk",
    )
    return ResourceError("kernel", error)


def _refuse_unbootable(config: DomainConfig, path: str, facts: KernelFacts) -> None:
    said = f"'{path}'" + (f" ({facts.version.split(' ', 1)[0]})" if facts.version else "")
    if facts.form == "unknown":
        raise invalid(
            f"{said} is not a kernel: it is neither a bzImage nor an x86 ELF file",
            f"name a vmlinuz file in kernel=; what this one is tells: file -L {shell_word(path)}",
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
