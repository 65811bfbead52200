"""What a guest boots from, as QEMU's options."""

from __future__ import annotations

from collections.abc import Iterator

from xenia.engines.qemu.argv import CommandLine
from xenia.engines.remarks import error, warning
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig, Kind
from xenia.storage.kernel import PreparedBoot


def bootindex(config: DomainConfig, letter: str, sequence: int) -> int | None:
    """The place in the boot order of the `sequence`-th device of class `letter` (a floppy, c disk, d CD-ROM, n
    network); None: not booted from.
    """
    position = config.boot.order.find(letter)
    if config.boot.by_kernel or position < 0:
        return None
    return (position + 1) * 100 + sequence


def add_boot(line: CommandLine, config: DomainConfig, boot: PreparedBoot | None) -> None:
    """The kernel of a direct boot; or that only what `boot=` names is booted from."""
    if boot is None:
        line.add("boot", "menu=off,strict=on")
        return
    inside = "in the guest's image"
    line.add("kernel", f"/proc/self/fd/{line.inherit(boot.kernel, f'kernel {config.boot.kernel or inside}')}")
    if boot.ramdisk is not None:
        line.add("initrd", f"/proc/self/fd/{line.inherit(boot.ramdisk, f'ramdisk {config.boot.ramdisk or inside}')}")
    line.add("append", boot.command_line)


def explain_boot(config: DomainConfig) -> Iterator[Complaint]:
    """What of booting is different here, or cannot be."""
    boot = config.boot
    if config.kind is not Kind.HVM and not boot.by_kernel:
        yield error(
            "kernel",
            f"a {config.kind.value} guest needs a kernel to boot, and none is named",
            "add kernel= and ramdisk= lines, or builder='hvm' for a guest that boots from its disk",
        )
    wrong = [letter for letter in boot.order if letter not in "acdn"]
    if wrong:
        yield warning(
            "boot", f"boot={boot.order!r}: '{wrong[0]}' is no boot device", "a floppy, c disk, d CD-ROM, n network"
        )
