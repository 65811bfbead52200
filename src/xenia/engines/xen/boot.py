"""What a guest boots from: a kernel of the host, or the firmware of an HVM guest."""

from __future__ import annotations

from collections.abc import Iterator

from xenia.engines.remarks import error, note
from xenia.engines.xen.prepared import Prepared
from xenia.engines.xen.xlcfg import Settings, unwritable
from xenia.model.boot import Firmware
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig, Kind

_BIOS = {Firmware.BIOS: "seabios", Firmware.UEFI: "ovmf"}
LENGTH_LIMITS = {Kind.PV: 1023, Kind.PVH: 2047, Kind.HVM: 2047}
"""Bytes: Xen's public/xen.h gives a PV guest MAX_GUEST_CMDLINE (1024) with the NUL, and cuts off the rest; Linux on x86
takes 2048 (COMMAND_LINE_SIZE)."""


def boot_settings(config: DomainConfig, prepared: Prepared) -> Settings:
    """Kernel, ramdisk and the whole command line as one; firmware and order of an HVM guest."""
    settings: Settings = {}
    if config.kind is Kind.HVM:
        settings["bios"] = _BIOS[config.boot.firmware]
        order = "".join(letter for letter in config.boot.order if letter in "acdn")
        if order and prepared.kernel is None:
            settings["boot"] = order
    if prepared.kernel is not None:
        settings["kernel"] = prepared.kernel
        if prepared.ramdisk is not None:
            settings["ramdisk"] = prepared.ramdisk
        if prepared.command_line:
            settings["cmdline"] = prepared.command_line
    return settings


def explain_boot(config: DomainConfig) -> Iterator[Complaint]:
    """What of booting is different here, or cannot be."""
    boot = config.boot
    if config.kind is Kind.HVM and boot.firmware is Firmware.UEFI and not boot.direct:
        yield note("firmware", "UEFI variables do not outlive the guest on Xen: it boots by its default path")
    if config.kind is not Kind.HVM and not boot.direct and boot.bootloader is None:
        yield error(
            "kernel",
            f"a {config.kind} guest needs a kernel to boot, and none is named",
            "add kernel= and ramdisk= lines, or builder='hvm' for a guest that boots from its disk",
        )
    for key, text in (("kernel", boot.kernel), ("ramdisk", boot.ramdisk), ("extra", boot.command_line)):
        if text and unwritable(text):
            yield error(key, f"{key} has control characters, which are kept out of the files of Xen's tools")
    length, limit = len(boot.command_line.encode(errors="replace")), LENGTH_LIMITS[config.kind]
    if length > limit:
        message = f"the kernel's command line has {length} bytes; a {config.kind} guest takes {limit} on Xen"
        yield error("extra", message, "shorten extra=")
