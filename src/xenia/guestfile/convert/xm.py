"""A guest file in xm's own words, as xm of Xen 3.4 to 4.4 reads it: it has no types, no key=value disks, no cap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from xenia.guestfile.convert.cards import without_our_words
from xenia.guestfile.convert.others import others
from xenia.guestfile.convert.written import Written
from xenia.guestfile.keys import Dialect
from xenia.guestfile.write import Value, layout, settings_of
from xenia.model.boot import Firmware
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskSource
from xenia.model.display import VgaModel
from xenia.model.domain import DomainConfig, Kind

HVMLOADER = "/usr/lib/xen/boot/hvmloader"
"""The firmware that an HVM guest of xm names as its kernel (Xen's examples, xmexample.hvm)."""

_RENAMED = {"cap": "cpu_cap", "bootloader_args": "bootargs"}
_FLOPPIES = {"fda": "fda", "fda0": "fda", "fd0": "fda", "fd": "fda", "fdb": "fdb", "fd1": "fdb"}
_IN_OTHER_WORDS = frozenset({"type", "maxvcpus", "vga", "bios", "disk", "usbdevice", "serial"})


def to_xm(config: DomainConfig) -> Written:
    """Raises invalid for a value that cannot stand in a guest file."""
    kept, lost = others(config.other, Dialect.XM)
    config, words = without_our_words(config, "xm")
    lost = [*_lost(config), *words, *lost]
    if not _names_numbers(config):
        config = replace(config, cpus=None, vcpu_pins=())
    known = {name: value for name, value in settings_of(config).items() if name not in _IN_OTHER_WORDS}
    settings: dict[str, Value] = {"name": config.name}
    settings |= _kind(config)
    settings |= {_RENAMED.get(name, name): value for name, value in known.items()}
    settings |= _cpus(config) | _disks(config, lost) | _board(config)
    return Written(layout(settings | kept), tuple(lost))


def _lost(config: DomainConfig) -> Iterator[str]:
    if config.kind is Kind.PVH:
        yield "type = 'pvh': xm has PV and HVM guests only; this one is written as PV"
    if config.kind is Kind.HVM and config.boot.firmware is Firmware.UEFI:
        yield "UEFI: xm's guests boot by BIOS only"
    if config.display.vga is VgaModel.QXL:
        yield "vga = 'qxl': xm has cirrus and standard VGA cards"
    if config.kind is Kind.HVM and config.display.vga is VgaModel.NONE and config.display.vnc:
        yield "vga = 'none': xm's guests with VNC have a VGA card"
    if not _names_numbers(config):
        yield f"cpus = {list(config.vcpu_pins) or config.cpus!r}: xm knows CPUs by their numbers only"


def _kind(config: DomainConfig) -> dict[str, Value]:
    if config.kind is not Kind.HVM:
        return {"builder": "linux"}
    return {"builder": "hvm", "kernel": config.boot.kernel or HVMLOADER}


def _names_numbers(config: DomainConfig) -> bool:
    """Whether `cpus` are named without xl's `all` and `nodes:`."""
    return not any(char.isalpha() for text in (config.cpus or "", *config.vcpu_pins) for char in text)


def _cpus(config: DomainConfig) -> dict[str, Value]:
    """`vcpus` are all that there can be, the mask `vcpu_avail` those that are there at the start."""
    if not config.max_vcpus or config.max_vcpus <= config.vcpus:
        return {}
    return {"vcpus": config.max_vcpus, "vcpu_avail": (1 << config.vcpus) - 1}


def _disks(config: DomainConfig, lost: list[str]) -> dict[str, Value]:
    items: list[str] = []
    floppies: dict[str, Value] = {}
    for disk in config.disks:
        if (reason := _unspeakable(disk)) is not None:
            lost.append(f"the disk {disk.target} ({disk.path}): {reason}")
        elif disk.bus is DiskBus.FLOPPY:
            floppies[_FLOPPIES[disk.target]] = disk.path
        else:
            items.append(_disk(disk))
    return {"disk": items} | floppies


def _unspeakable(disk: Disk) -> str | None:
    if "," in disk.path:
        return "xm cannot write a path with a comma"
    if disk.bus is DiskBus.FLOPPY and disk.target not in _FLOPPIES:
        return "xm has two floppy drives"
    if disk.format is DiskFormat.QED:
        return "xm does not know the format qed"
    protocol = (disk.script or "").rpartition("/")[2].removeprefix("block-")
    if protocol and not disk.path.startswith(f"{protocol}:"):
        return f"xm cannot name its script {disk.script}"
    return None


def _disk(disk: Disk) -> str:
    """SOURCE,TARGET[:cdrom],MODE[,BACKEND]"""
    target = f"{disk.target}:cdrom" if disk.cdrom else disk.target
    return ",".join([_source(disk), target, disk.mode.value, *([disk.backend] if disk.backend else [])])


def _source(disk: Disk) -> str:
    if disk.source is DiskSource.EMPTY:
        return ""
    if disk.source is DiskSource.NETWORK:
        return disk.path
    if disk.format is not DiskFormat.RAW:
        return f"tap:{disk.format}:{disk.path}"
    return f"phy:{disk.path}" if disk.source is DiskSource.BLOCK else f"file:{disk.path}"


def _board(config: DomainConfig) -> dict[str, Value]:
    settings: dict[str, Value] = {}
    if config.kind is Kind.HVM and config.display.vga is VgaModel.STANDARD:
        settings["stdvga"] = 1
    if config.kind is Kind.HVM and config.display.vga is VgaModel.NONE and not config.display.vnc:
        settings["nographic"] = 1
    for name, words in (("usbdevice", config.platform.usb_devices), ("serial", config.platform.serial)):
        if words:
            settings[name] = words[0] if len(words) == 1 else list(words)
    return settings
