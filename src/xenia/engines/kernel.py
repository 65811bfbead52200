"""Direct boot, whatever the engine: a kernel of the host or one out of the guest's own image, judged by the engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import ResourceError, XeniaError, invalid
from xenia.storage.bootloader import boot_disk, boot_from_image
from xenia.storage.inspect import Inspect
from xenia.storage.kernel import KernelFacts, PreparedBoot, close_boot, open_kernel, open_ramdisk
from xenia.storage.loader_options import loader_options
from xenia.storage.open import OpenedDisk
from xenia.storage.paths import Roots, shell_word


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`text` is what the kernel gets, `notes` what in it is not as it was written."""

    text: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judge:
    """What an engine knows of kernels. `refuse` raises invalid for one (by its path) that it cannot start as a guest of
    this configuration; `command_line` makes a command line true there, and raises invalid for one that cannot be.
    """

    refuse: Callable[[DomainConfig, str, KernelFacts], None]
    command_line: Callable[[DomainConfig, str], CommandLine]


async def prepare_boot(
    config: DomainConfig, roots: Roots, disks: Sequence[OpenedDisk], inspect: Inspect, judge: Judge
) -> PreparedBoot | None:
    """What a guest that boots a kernel, of the host or of its own image, needs; None for one that boots by firmware,
    and where the disk that a boot loader would read is not among the opened `disks`.

    The descriptors belong to the caller, who ends with `close_boot`. Raises ResourceError under the key `kernel`,
    `ramdisk`, `extra` or `bootloader`: invalid for what cannot boot on this engine, with the way out; not_found, denied
    or unavailable for what cannot be had. Then nothing stays open.
    """
    boot = config.boot
    if boot.kernel is None:
        if config.kind is Kind.HVM:
            return None
        if boot.bootloader is None:
            raise _no_kernel(config)
        with _blaming("bootloader"):
            return await _from_image(config, disks, inspect, judge)
    with _blaming("extra"):
        line = judge.command_line(config, boot.command_line)
    with _blaming("kernel"):
        refuse = partial(judge.refuse, config, boot.kernel)
        kernel, facts = await open_kernel(boot.kernel, roots, inspect, refuse)
    try:
        with _blaming("ramdisk"):
            ramdisk = await open_ramdisk(boot.ramdisk, roots) if boot.ramdisk else None
    except BaseException:
        os.close(kernel)
        raise
    return PreparedBoot(kernel, ramdisk, line.text, facts)


async def _from_image(
    config: DomainConfig, disks: Sequence[OpenedDisk], inspect: Inspect, judge: Judge
) -> PreparedBoot | None:
    """What the guest's own image boots."""
    options = loader_options(config.boot)
    disk = boot_disk(config.disks, disks)
    if disk is None:
        return None
    image = await boot_from_image(disk, options, inspect, partial(judge.refuse, config))
    try:
        line = judge.command_line(config, image.prepared.command_line)
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


def said_of(path: str, facts: KernelFacts) -> str:
    """A kernel as messages call it."""
    return f"'{path}'" + (f" ({facts.version.split(' ', 1)[0]})" if facts.version else "")


def refuse_no_kernel(config: DomainConfig, path: str, facts: KernelFacts) -> None:
    """Raises invalid for a file that is no kernel at all."""
    if facts.form == "unknown":
        raise invalid(
            f"{said_of(path, facts)} is not a kernel: it is neither a bzImage nor an x86 ELF file",
            f"name a vmlinuz file in kernel=; what this one is tells: file -L {shell_word(path)}"
            if config.boot.direct
            else "name a vmlinuz file of the image: bootargs = '--kernel=PATH', or --entry=N for another entry",
        )
