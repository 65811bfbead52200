"""The facts of a domain, as libvirt draws them from the same file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.agreement.fact import Fact
from tests.agreement.folder import UNUSABLE, Folder
from tests.agreement.values import READ, REFUSED

from xenia.guestfile.vif import read_rate
from xenia.model.disk import Disk, DiskBus, DiskMode, DiskSource
from xenia.model.display import VgaModel
from xenia.model.domain import DomainConfig, Kind

LIBVIRT = "libvirt: facts of a domain"
_BUSES = {DiskBus.IDE: "ide", DiskBus.SCSI: "scsi", DiskBus.XEN: "xen", DiskBus.FLOPPY: "fdc", DiskBus.VIRTIO: "virtio"}
_BDF = re.compile(r"(?:([0-9a-fA-F]{1,4}):)?([0-9a-fA-F]{1,2}):([0-9a-fA-F]{1,2})\.([0-7])")


def libvirt_facts(folder: Folder) -> Iterator[Fact]:
    """Of the pairs that libvirt tests from the file to the XML; what it writes the other way is no reading."""
    for name, facts in folder.facts():
        if facts["direction"] == "xml->cfg":
            continue
        config = folder.reading(name).config
        text = folder.text(name)
        if config is None:
            yield Fact(LIBVIRT, name, READ, REFUSED, READ, text)
            continue
        ours = _domain(config) | _boot(config) | _devices(config) | _display(config) | _board(config)
        try:
            theirs = _theirs(facts, config)
        except UNUSABLE as error:
            folder.leave_out(folder.path / "facts", error, name)
            continue
        for key, value in ours.items():
            if key in theirs:
                yield Fact(LIBVIRT, name, key, value, theirs[key], text)


def _domain(config: DomainConfig) -> dict[str, Any]:
    return {
        "name": config.name,
        "uuid": config.uuid,
        "type": config.kind.value,
        "memory_kib": config.memory * 1024,
        "maxmem_kib": (config.max_memory or config.memory) * 1024,
        "vcpus": config.vcpus,
        "maxvcpus": config.max_vcpus or config.vcpus,
        "on_poweroff": config.policy.on_poweroff.value,
        "on_reboot": config.policy.on_reboot.value,
        "on_crash": config.policy.on_crash.value,
    }


def _boot(config: DomainConfig) -> dict[str, Any]:
    boot = config.boot
    return {
        "kernel": boot.kernel,
        "ramdisk": boot.ramdisk,
        "cmdline": boot.command_line or None,
        "bootloader": boot.bootloader,
        "bootloader_args": boot.bootargs,
        "boot_letters": boot.order,
    }


def _devices(config: DomainConfig) -> dict[str, Any]:
    devices: dict[str, Any] = {"disks": len(config.disks), "nics": len(config.vifs)}
    for index, disk in enumerate(config.disks):
        devices |= {f"disks[{index}].{name}": value for name, value in _disk(disk).items()}
    for index, vif in enumerate(config.vifs):
        rate = read_rate(vif.rate) if vif.rate else None
        said = {
            "mac": vif.mac,
            "bridge": (vif.bridge or "").partition(".")[0].partition(":")[0] or None,
            "model": vif.model,
            "script": vif.script,
            "ips": list(vif.ip),
            "vifname": vif.vifname,
            "rate_kib_per_s": rate[0] // 1024 if rate else None,
        }
        devices |= {f"nics[{index}].{name}": value for name, value in said.items()}
    devices["pci"] = [_bdf(item) for item in config.other.get("pci", ())]
    return devices


def _disk(disk: Disk) -> dict[str, Any]:
    return {
        "target": disk.target,
        "bus": _BUSES[disk.bus],
        "device": "cdrom" if disk.cdrom else "disk",
        "source": disk.path or None,
        "source_type": "block" if disk.source is DiskSource.BLOCK else "file",
        "format": disk.format.value,
        "readonly": disk.mode is DiskMode.READ_ONLY,
        "shareable": disk.mode is DiskMode.SHARED,
    }


def _bdf(item: str) -> str:
    found = _BDF.match(item)
    return f"{found[1] or '':0>4}:{found[2]:0>2}:{found[3]:0>2}.{found[4]}".lower() if found else item


def _display(config: DomainConfig) -> dict[str, Any]:
    display = config.display
    return {
        "vnc": display.vnc,
        "sdl": display.sdl,
        "vnc.listen": display.vnc_listen,
        "vnc.display": display.vnc_display,
        "vnc.passwd": display.vnc_password,
        "vnc.autoport": display.vnc_unused,
        "vnc.keymap": display.keymap,
        "vga": "cirrus" if display.vga is VgaModel.CIRRUS else "vga",
    }


def _board(config: DomainConfig) -> dict[str, Any]:
    platform = config.platform
    return {
        "acpi": platform.acpi,
        "apic": platform.apic,
        "pae": platform.pae,
        "hap": bool(config.other.get("hap", 1)),
        "localtime": platform.localtime,
        "adjustment": platform.rtc_timeoffset,
        "sound": (platform.sound or "").split(",") if platform.sound else [],
        "serial": bool(platform.serial and platform.serial != ("none",)),
        "tablet": "tablet" in platform.usb_devices,
    }


def _theirs(facts: Mapping[str, Any], config: DomainConfig) -> dict[str, Any]:
    """The facts under our names; one that libvirt leaves unsaid is left out."""
    theirs = {name: facts.get(name) for name in (*_domain(config), "kernel", "ramdisk", "cmdline", "bootloader")}
    if facts.get("bootloader_args"):
        theirs["bootloader_args"] = facts["bootloader_args"]
    if facts["boot_letters"]:
        theirs["boot_letters"] = facts["boot_letters"]
    theirs |= {"disks": len(facts["disks"]), "nics": len(facts["nics"]), "pci": [each["bdf"] for each in facts["pci"]]}
    for kind in ("disks", "nics"):
        for index, device in enumerate(facts[kind]):
            theirs |= {f"{kind}[{index}].{name}": value for name, value in device.items()}
            if kind == "disks" and not device["source"]:
                del theirs[f"disks[{index}].source_type"]
    return theirs | _their_display(facts) | _their_board(facts)


def _their_display(facts: Mapping[str, Any]) -> dict[str, Any]:
    graphics = {each["type"]: each for each in facts["graphics"]}
    if "spice" in graphics:
        return {}
    theirs: dict[str, Any] = {"vnc": "vnc" in graphics, "sdl": "sdl" in graphics}
    if (vnc := graphics.get("vnc")) is not None:
        theirs |= {
            "vnc.listen": vnc["listen"],
            "vnc.display": vnc["vnc_display"],
            "vnc.passwd": vnc["passwd"],
            "vnc.autoport": vnc["autoport"],
            "vnc.keymap": vnc["keymap"],
        }
    if facts["type"] == Kind.HVM and facts["video"]:
        theirs["vga"] = facts["video"][0]["type"]
    return theirs


def _their_board(facts: Mapping[str, Any]) -> dict[str, Any]:
    theirs: dict[str, Any] = {
        "localtime": bool(facts["clock"].get("localtime")),
        "sound": facts["sound"],
        "serial": bool(facts["serial"]),
        "tablet": any(each["type"] == "tablet" for each in facts["inputs"]),
    }
    if facts["clock"].get("offset") == "variable":
        theirs["adjustment"] = facts["clock"]["adjustment_s"]
    features = facts["features"]
    said = ("acpi", "apic", "pae", "hap") if facts["type"] == Kind.HVM else ()
    return theirs | {name: features[name] for name in said if features.get(name) is not None}
