"""<devices> of libvirt's domain XML, from a configuration."""

from __future__ import annotations

import re

from xenia.guestfile.libvirt.chardev import add_port
from xenia.lib.xml import Node
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode, DiskSource
from xenia.model.display import VgaModel
from xenia.model.domain import DomainConfig, Kind
from xenia.model.vif import Vif, VifType

_BUSES = {DiskBus.IDE: "ide", DiskBus.SCSI: "scsi", DiskBus.XEN: "xen", DiskBus.VIRTIO: "virtio", DiskBus.FLOPPY: "fdc"}
_CARDS = {VgaModel.CIRRUS: "cirrus", VgaModel.STANDARD: "vga", VgaModel.QXL: "qxl", VgaModel.NONE: "none"}
_FIRST_PORT = 5900
_RATE = re.compile(r"(\d+)([KMG]?)B/s(?:@.*)?")
_KIB = {"": 1 / 1024, "K": 1, "M": 1024, "G": 1024 * 1024}
_BDF = re.compile(r"(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})\.([0-7])(.*)", re.IGNORECASE)
_USB = re.compile(r"(?:type=hostdev,)?hostbus=(\d+),\s*hostaddr=(\d+)")


def add_devices(devices: Node, config: DomainConfig, lost: list[str]) -> None:
    """What libvirt has no word for is added to `lost`."""
    for disk in config.disks:
        _add_disk(devices, disk, lost)
    _add_limits(devices, config)
    for vif in config.vifs:
        _add_interface(devices, config, vif, lost)
    _add_ports(devices, config, lost)
    if config.platform.usb and not config.platform.usb_devices:
        devices.add("controller", {"type": "usb", "index": "0"})
    for device in config.platform.usb_devices:
        if device in ("tablet", "mouse", "keyboard"):
            devices.add("input", {"type": device, "bus": "usb"})
        else:
            lost.append(f"usbdevice = {device!r}: libvirt has no word for it")
    if config.platform.agent:
        lost.append("agent = 1: libvirt's Xen driver has no word for it")
    _add_graphics(devices, config, lost)
    for sound in filter(None, (config.platform.sound or "").split(",")):
        devices.add("sound", {"model": {"hda": "ich6"}.get(sound.strip(), sound.strip())})
    _add_video(devices, config)
    _add_host_devices(devices, config, lost)


def _add_disk(devices: Node, disk: Disk, lost: list[str]) -> None:
    if disk.source is DiskSource.NETWORK:
        lost.append(f"the disk {disk.target} ({disk.path}): its source on the network is not converted")
        return
    if disk.format is DiskFormat.QED:
        lost.append(f"the disk {disk.target}: libvirt's Xen driver does not know the format qed")
    block = disk.source is DiskSource.BLOCK
    device = "cdrom" if disk.cdrom else "floppy" if disk.bus is DiskBus.FLOPPY else "disk"
    node = devices.add("disk", {"type": "block" if block else "file", "device": device})
    node.add("driver", {"name": "phy" if block else "qemu", "type": disk.format.value})
    if disk.path:
        path = disk.path if disk.path.startswith("/") or not block else f"/dev/{disk.path}"
        node.add("source", {"dev" if block else "file": path})
    node.add("target", {"dev": disk.target, "bus": _BUSES[disk.bus]})
    if disk.mode is DiskMode.READ_ONLY:
        node.add("readonly")
    if disk.mode is DiskMode.SHARED:
        node.add("shareable")
    if disk.backend:
        node.add("backenddomain", {"name": disk.backend})
    if disk.script:
        lost.append(f"script={disk.script} of the disk {disk.target}: libvirt has no word for it")


def _add_interface(devices: Node, config: DomainConfig, vif: Vif, lost: list[str]) -> None:
    kind = "network" if vif.network else "bridge" if vif.bridge else "ethernet"
    node = devices.add("interface", {"type": kind})
    if vif.mac:
        node.add("mac", {"address": vif.mac})
    bridge, tag = vif.bridge, ""
    if bridge and (vif.script or "").endswith("vif-openvswitch"):
        bridge, _, tag = bridge.partition(".")
    if vif.network:
        node.add("source", {"network": vif.network})
    elif bridge:
        node.add("source", {"bridge": bridge})
    for address in vif.ip:
        node.add("ip", {"address": address})
    if tag:
        node.add("vlan").add("tag", {"id": tag})
    if (vif.script or "").endswith("vif-openvswitch"):
        node.add("virtualport", {"type": "openvswitch"})
    if vif.script:
        node.add("script", {"path": vif.script})
    if vif.vifname:
        node.add("target", {"dev": vif.vifname})
    paravirtual = config.kind is Kind.HVM and vif.type is VifType.PARAVIRTUAL and not vif.model
    if vif.model or paravirtual:
        node.add("model", {"type": vif.model or "netfront"})
    _add_rate(node, vif, lost)
    if vif.gateway:
        lost.append(f"gateway={vif.gateway} of vif[{vif.item}]: libvirt has no word for it")
    if vif.vlan:
        lost.append(f"vlan={vif.vlan} of vif[{vif.item}]: libvirt tags the ports of Open vSwitch only")
    if vif.gatewaydev:
        lost.append(f"gatewaydev={vif.gatewaydev} of vif[{vif.item}]: libvirt has no word for it")
    if vif.filter:
        lost.append(f"filter={vif.filter} of vif[{vif.item}]: libvirt's filters (clean-traffic ...) are others")
    if not vif.linked:
        node.add("link", {"state": "down"})
    if vif.backend:
        node.add("backenddomain", {"name": vif.backend})


def _add_rate(node: Node, vif: Vif, lost: list[str]) -> None:
    """In KiB a second, as libvirt has it; xl's KB is one of 1024 there."""
    if not vif.rate:
        return
    found = _RATE.fullmatch(vif.rate)
    average = int(int(found[1]) * _KIB[found[2]]) if found is not None else 0
    if not average:
        lost.append(f"rate={vif.rate} of vif[{vif.item}]: libvirt has whole KiB a second")
    else:
        node.add("bandwidth").add("outbound", {"average": str(average)})


def _add_ports(devices: Node, config: DomainConfig, lost: list[str]) -> None:
    ports = [("serial", number, word) for number, word in enumerate(config.platform.serial)]
    parallel = config.other.get("parallel")
    if isinstance(parallel, str) and parallel not in ("", "none"):
        ports.append(("parallel", 0, parallel))
    for name, number, word in ports:
        if not add_port(devices, name, number, word):
            lost.append(f"{name} = {word!r}: libvirt has no word for it")
    if config.kind is not Kind.HVM:
        devices.add("console", {"type": "pty"}).add("target", {"type": "xen", "port": "0"})


def _add_graphics(devices: Node, config: DomainConfig, lost: list[str]) -> None:
    display = config.display
    if display.vnc:
        moves = display.vnc_unused or display.vnc_display is None
        node = devices.add(
            "graphics",
            {
                "type": "vnc",
                "port": str(-1 if display.vnc_display is None else display.vnc_display + _FIRST_PORT),
                "autoport": "yes" if moves else "no",
                "listen": display.vnc_listen,
                "passwd": display.vnc_password,
                "keymap": display.keymap,
            },
        )
        if display.vnc_listen:
            node.add("listen", {"type": "address", "address": display.vnc_listen})
    if display.sdl:
        devices.add("graphics", {"type": "sdl", "display": display.x_display, "xauth": display.x_authority})
    if display.rdp:
        lost.append("rdp = 1: libvirt has no word for a view of VNC over RDP")


def _add_video(devices: Node, config: DomainConfig) -> None:
    display = config.display
    memory = str(display.video_ram * 1024) if display.video_ram else None
    if config.kind is Kind.HVM:
        devices.add("video").add("model", {"type": _CARDS[display.vga], "vram": memory})
    elif display.vnc or display.sdl or display.rdp:
        devices.add("video").add("model", {"type": "xen"})


def _add_host_devices(devices: Node, config: DomainConfig, lost: list[str]) -> None:
    for text in _texts(config.other.get("pci")):
        found = _BDF.match(text)
        if found is None:
            lost.append(f"pci = {text!r}: it names no device by its BDF")
            continue
        domain, bus, slot, function, options = found.groups()
        words = [word.strip() for word in options.split(",") if word.strip()]
        permissive = "permissive=1" in words
        lost += (f"{word} of pci = {text!r}: libvirt has no word for it" for word in words if word != "permissive=1")
        source = devices.add("hostdev", {"mode": "subsystem", "type": "pci", "managed": "no"}).add(
            "source", {"writeFiltering": "no" if permissive else None}
        )
        numbers = (("domain", domain or "0", 4), ("bus", bus, 2), ("slot", slot, 2), ("function", function, 1))
        source.add("address", {name: f"0x{number.lower().zfill(width)}" for name, number, width in numbers})
    for text in _texts(config.other.get("usbdev")):
        if (found := _USB.fullmatch(text)) is None:
            lost.append(f"usbdev = {text!r}: it names no bus and device")
            continue
        source = devices.add("hostdev", {"mode": "subsystem", "type": "usb", "managed": "no"}).add("source")
        source.add("address", {"bus": found[1], "device": found[2]})


def _texts(value: object) -> list[str]:
    items = value if isinstance(value, list) else [value] if value is not None else []
    return [str(item) for item in items]


def _add_limits(devices: Node, config: DomainConfig) -> None:
    limits = {
        "maxGrantFrames": config.other.get("max_grant_frames"),
        "maxEventChannels": config.other.get("max_event_channels"),
    }
    said = {name: str(value) for name, value in limits.items() if value is not None}
    if said:
        devices.add("controller", {"type": "xenbus", "index": "0"} | said)
