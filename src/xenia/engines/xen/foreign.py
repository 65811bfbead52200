"""Domains that others have started: what `xl list -l` tells of them, as a configuration."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from xenia.engines.xen.xl import Xl
from xenia.model.boot import Boot, Firmware
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode, DiskSource
from xenia.model.display import Display, VgaModel
from xenia.model.domain import Definition, DomainConfig, EndAction, Kind, Phase, Platform, Policy, Started
from xenia.model.errors import engine_failed
from xenia.model.vif import Vif, VifType

_VGAS = {"cirrus": VgaModel.CIRRUS, "std": VgaModel.STANDARD, "qxl": VgaModel.QXL, "none": VgaModel.NONE}
_ATTEMPTS = 40
_LOOK_AGAIN = 0.5
_BUSES = {"hd": DiskBus.IDE, "sd": DiskBus.SCSI}


async def describe(domid: int, uuid: str, name: str, started_at: float, xl: Xl) -> Started:
    """What runs as `domid`, as if xend had started it. Raises engine_failed where xl tells nothing of it."""
    try:
        (told,) = await _told(domid, xl)
        config = config_of(told["config"], name)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise engine_failed(f"what xl tells of domain '{name}' (id {domid}) cannot be understood: {error}") from error
    macs = tuple(vif.mac or "" for vif in config.vifs)
    return Started(
        uuid, domid, config, Definition(), macs, "xen", started_at, phase=Phase.RUNNING, trusted=True, foreign=True
    )


async def _told(domid: int, xl: Xl) -> Any:
    """libxl writes down what a domain is only after it has introduced it: until then xl's list is empty, and nobody
    tells when that changes.
    """
    for _ in range(_ATTEMPTS):
        told = json.loads(await xl.run("list", "-l", str(domid)))
        if told != []:
            break
        await asyncio.sleep(_LOOK_AGAIN)
    return told


def config_of(told: Mapping[str, Any], name: str) -> DomainConfig:
    """From libxl's JSON of a domain (libxl_types.idl, libxl_domain_config), which leaves out what has its default."""
    created, built = told["c_info"], told["b_info"]
    kind = Kind(created.get("type", "pv"))
    hvm = built.get("type.hvm", {})
    most = built.get("max_memkb", 0) // 1024
    memory = built.get("target_memkb", built.get("max_memkb", 0)) // 1024
    return DomainConfig(
        name=name,
        kind=kind,
        uuid=created.get("uuid"),
        memory=memory,
        max_memory=most if most > memory else None,
        vcpus=len(built.get("avail_vcpus", [0])) or 1,
        max_vcpus=built.get("max_vcpus"),
        boot=_boot(built, hvm),
        disks=tuple(_disk(index, disk) for index, disk in enumerate(told.get("disks", ()))),
        vifs=tuple(_vif(index, nic, kind) for index, nic in enumerate(told.get("nics", ()))),
        display=_display(hvm, told.get("vfbs", ())),
        policy=_policy(told),
        platform=_platform(hvm),
    )


def _boot(built: Mapping[str, Any], hvm: Mapping[str, Any]) -> Boot:
    return Boot(
        order=hvm.get("boot", "cd"),
        firmware=Firmware.UEFI if hvm.get("bios") == "ovmf" else Firmware.BIOS,
        kernel=built.get("kernel"),
        ramdisk=built.get("ramdisk"),
        extra=built.get("cmdline"),
        bootloader=built.get("bootloader"),
        bootargs=" ".join(built.get("bootloader_args", ())) or None,
    )


def _disk(index: int, disk: Mapping[str, Any]) -> Disk:
    target, path = disk["vdev"], disk.get("pdev_path", "")
    form = disk.get("format", "raw")
    block = path.startswith("/dev/")
    return Disk(
        target=target,
        path=path if form != "empty" else "",
        source=DiskSource.EMPTY if not path or form == "empty" else DiskSource.BLOCK if block else DiskSource.FILE,
        format=DiskFormat(form) if form in list(DiskFormat) else DiskFormat.RAW,
        bus=_BUSES.get(target[:2], DiskBus.XEN),
        mode=DiskMode.WRITE if disk.get("readwrite") else DiskMode.READ_ONLY,
        cdrom=bool(disk.get("is_cdrom")),
        script=disk.get("script"),
        item=index,
    )


def _vif(index: int, nic: Mapping[str, Any], kind: Kind) -> Vif:
    emulated = kind is Kind.HVM and nic.get("nictype") == "vif_ioemu"
    return Vif(
        type=VifType.EMULATED if emulated else VifType.PARAVIRTUAL,
        mac=nic.get("mac"),
        bridge=nic.get("bridge"),
        model=nic.get("model") if emulated else None,
        script=nic.get("script"),
        ip=tuple(str(nic["ip"]).split()) if nic.get("ip") else (),
        gateway=nic.get("gatewaydev"),
        vifname=nic.get("ifname"),
        item=index,
    )


def _display(hvm: Mapping[str, Any], vfbs: Any) -> Display:
    vnc: Mapping[str, Any] = hvm.get("vnc") or next((vfb["vnc"] for vfb in vfbs if "vnc" in vfb), {})
    shown, unused = _true(vnc.get("enable", bool(vfbs))), _true(vnc.get("findunused", True))
    vga = hvm.get("vga", {}).get("kind", "cirrus") if hvm else "none"
    return Display(
        vga=_VGAS.get(vga, VgaModel.CIRRUS),
        vnc=shown,
        vnc_listen=vnc.get("listen") if shown else None,
        vnc_display=vnc.get("display", None if unused else 0) if shown else None,
        vnc_unused=unused,
        vnc_password=vnc.get("passwd") or None,
    )


def _policy(told: Mapping[str, Any]) -> Policy:
    """libxl writes only what is not `destroy`, with underscores."""

    def action(key: str) -> EndAction:
        word = str(told.get(key, "destroy")).replace("_", "-")
        return EndAction(word) if word in list(EndAction) else EndAction.DESTROY

    return Policy(action("on_poweroff"), action("on_reboot"), action("on_crash"))


def _platform(hvm: Mapping[str, Any]) -> Platform:
    serial = hvm.get("serial") or hvm.get("serial_list") or ()
    devices = hvm.get("usbdevice") or hvm.get("usbdevice_list") or ()
    return Platform(
        usb=_true(hvm.get("usb", False)),
        usb_devices=(devices,) if isinstance(devices, str) else tuple(devices),
        sound=hvm.get("soundhw"),
        serial=(serial,) if isinstance(serial, str) else tuple(serial),
    )


def _true(word: Any) -> bool:
    """libxl's JSON has its defaults as texts."""
    return str(word) == "True"


def end_waiting_xl(name: str, logs: Path = Path("/var/log/xen")) -> bool:
    """End the xl that waits for the end of domain `name` to act on it; whether there was one.

    It is known by its log, which it has open as its standard output (xl_vmcontrol.c: do_daemonize).
    """
    log = re.compile(re.escape(os.fspath(logs / f"xl-{name}.log")) + r"(?: \(deleted\))?")
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[0].endswith(b"xl") and log.fullmatch(os.fspath((process / "fd/1").readlink())):
                os.kill(int(process.name), signal.SIGTERM)
                return True
    return False
