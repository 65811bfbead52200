"""A guest's own kernel, taken out of its image by the worker: what pygrub does, without running anything as root."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

from xenia.lib.text import printable
from xenia.model.disk import Disk
from xenia.model.errors import XeniaError, invalid
from xenia.storage.inspect import Inspect
from xenia.storage.kernel import KernelFacts, PreparedBoot, usable_kernel
from xenia.storage.loader_options import KERNEL_LIMIT, RAMDISK_LIMIT, LoaderOptions
from xenia.storage.memory_file import memory_files
from xenia.storage.open import OpenedDisk

_LONGEST = 1 << 16
_WAY_OUT = "copy the guest's kernel and initrd to the host and name them: kernel = '...' and ramdisk = '...'"


@dataclass(frozen=True, slots=True)
class ImageBoot:
    """`prepared` is kernel, ramdisk, facts and the command line: the words of the menu's entry and those of the guest
    file behind them. `kernel` and `ramdisks` are paths in the image, `title` and `source` the entry and the
    configuration it is from (both "" where the guest file names the kernel itself). All of it is fit to be shown.
    """

    prepared: PreparedBoot
    kernel: str
    ramdisks: tuple[str, ...]
    title: str
    source: str

    def __str__(self) -> str:
        """`boots '/boot/vmlinuz' with '/boot/initrd' (entry 'Debian' of /boot/grub/grub.cfg in partition 1)`."""
        ramdisks = f" with {', '.join(map(repr, self.ramdisks))}" if self.ramdisks else ""
        entry = f" (entry '{self.title}' of {self.source})" if self.source else ""
        return f"boots '{self.kernel}'{ramdisks} from its image{entry}"


def boot_disk(disks: Sequence[Disk], opened: Sequence[OpenedDisk]) -> OpenedDisk | None:
    """The one of `opened` that a boot loader reads: of the first of `disks` that is no CD-ROM, or of the first where
    all are; None where that one is not among `opened`.

    Raises invalid where there is no disk or nothing in it.
    """
    if not disks:
        raise invalid("the boot loader finds kernels in the guest's first disk, and it has none", _WAY_OUT)
    chosen = next((disk for disk in disks if not disk.cdrom), disks[0])
    for one in opened:
        if (one.disk.item, one.disk.target) == (chosen.item, chosen.target):
            if not one.layers:
                raise invalid(f"the boot loader finds kernels in {chosen.target}, which has no medium", _WAY_OUT)
            return one
    return None


async def boot_from_image(
    disk: OpenedDisk, options: LoaderOptions, inspect: Inspect, refuse: Callable[[str, KernelFacts], None]
) -> ImageBoot:
    """What the image of `disk` boots. `refuse` is asked with the kernel's path in the image and what it is, and raises
    for one that is of no use.

    Raises invalid, with what was looked at and what to do, for an image that has no boot loader's configuration, is not
    readable, or lacks what it names; unavailable when there is no memory. The descriptors are the caller's, who ends
    with `close_boot(result.prepared)`.
    """
    name = disk.layers[0].path
    with ExitStack() as held:
        layers = [_reader(layer.descriptor, held) for layer in disk.layers]
        arguments = {"formats": [layer.format.value for layer in disk.layers], "wanted": asdict(options)}

        async def run(pipes: list[int]) -> dict[str, Any]:
            return await inspect("extract_boot", arguments, [*layers, *pipes])

        found, (kernel_file, ramdisk_file) = await memory_files([KERNEL_LIMIT, RAMDISK_LIMIT], run)
        held.callback(os.close, kernel_file)
        dropped = ExitStack()
        dropped.callback(os.close, ramdisk_file)
        with dropped:
            if "problem" in found:
                raise _problem(name, found)
            line, path = _command_line(found, name), _shown(found, "kernel")
            kernel, facts = await usable_kernel(
                kernel_file, f"{path} in {name}", inspect, lambda facts: refuse(path, facts)
            )
            ramdisks = tuple(printable(str(each))[:_LONGEST] for each in found["ramdisks"])
            if ramdisks:
                dropped.pop_all()
    prepared = PreparedBoot(kernel, ramdisk_file if ramdisks else None, line, facts)
    return ImageBoot(prepared, path, ramdisks, _shown(found, "title"), _shown(found, "source"))


def _reader(descriptor: int, held: ExitStack) -> int:
    """The same file for reading only: who reads a stranger's bytes cannot write, whatever `descriptor` can."""
    reader = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    held.callback(os.close, reader)
    return reader


def _shown(found: dict[str, Any], key: str) -> str:
    return printable(str(found[key]))[:_LONGEST]


def _command_line(found: dict[str, Any], name: str) -> str:
    line = str(found["arguments"]).replace("\t", " ").strip()
    if len(line) > _LONGEST or any(ord(letter) < 32 or ord(letter) == 127 for letter in line):
        raise invalid(f"the command line that the image '{name}' has for its kernel is not one line of text", _WAY_OUT)
    return line


def _problem(name: str, found: dict[str, Any]) -> XeniaError:
    said = printable(str(found["problem"]))[:_LONGEST]
    return invalid(f"no kernel can be taken out of '{name}': {said}", printable(str(found.get("hint", ""))) or _WAY_OUT)
