"""What a guest boots from, as QEMU's options."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from xenia.engines.qemu.argv import CommandLine
from xenia.engines.remarks import error, note, warning
from xenia.model.boot import Firmware
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import unavailable
from xenia.storage.kernel import PreparedBoot

# Debian's package ovmf: code and an empty variable store; the 4M build is the only one since Debian 13.
OVMF = (
    (Path("/usr/share/OVMF/OVMF_CODE_4M.fd"), Path("/usr/share/OVMF/OVMF_VARS_4M.fd")),
    (Path("/usr/share/OVMF/OVMF_CODE.fd"), Path("/usr/share/OVMF/OVMF_VARS.fd")),
)


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


def add_firmware(line: CommandLine, code: int, variables: int) -> None:
    """UEFI from `code`, with `variables` as its memory."""
    for name, descriptor, read_only in (("pflash0", code, True), ("pflash1", variables, False)):
        path = line.fdset([descriptor], f"UEFI {'code' if read_only else 'variables'}")
        line.add(
            "blockdev",
            {
                "driver": "raw",
                "node-name": name,
                "read-only": read_only,
                "file": {"driver": "file", "filename": path, "read-only": read_only, "locking": "off"},
            },
        )
        line.add("machine", f"{name}={name}")


def open_firmware(held: ExitStack) -> tuple[int, int]:
    """Descriptors of UEFI's code and of a variable store of its own in memory, open as long as `held`.

    Raises unavailable when the package is not installed.
    """
    for code, variables in OVMF:
        if code.is_file() and variables.is_file():
            store = os.memfd_create("uefi-variables", os.MFD_CLOEXEC)
            held.callback(os.close, store)
            os.write(store, variables.read_bytes())
            program = os.open(code, os.O_RDONLY | os.O_CLOEXEC)
            held.callback(os.close, program)
            return program, store
    raise unavailable("this guest boots by UEFI, and its firmware is not installed", "apt install ovmf")


def explain_boot(config: DomainConfig) -> Iterator[Complaint]:
    """What of booting is different here, or cannot be."""
    boot = config.boot
    if boot.firmware is Firmware.UEFI and not boot.by_kernel:
        yield note("firmware", "UEFI variables do not outlive the guest yet: it boots by its default path")
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
