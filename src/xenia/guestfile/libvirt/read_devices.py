"""<devices> of libvirt's domain XML."""

from __future__ import annotations

from xenia.guestfile.libvirt.chardev import word_of
from xenia.guestfile.libvirt.draft import Draft
from xenia.lib.xml import Node
from xenia.model.domain import AGENT_PORT

_VGA = {"cirrus": "cirrus", "vga": "stdvga", "qxl": "qxl", "none": "none"}
_USUAL_VIDEO_RAM = {"cirrus": 8192, "stdvga": 16384, "qxl": 131072}
"""In KiB: what libvirt writes where nobody has asked for it."""

_FIRST_PORT = 5900


def read_devices(draft: Draft, devices: Node | None, kind: str) -> None:
    """`kind` is hvm, pv or pvh."""
    elements = draft.elements
    for disk in elements.children(devices, "disk"):
        _read_disk(draft, disk)
    for interface in elements.children(devices, "interface"):
        _read_interface(draft, interface)
    _read_graphics(draft, devices, kind)
    _read_video(draft, devices, kind)
    sounds = list(elements.children(devices, "sound"))
    models = [model for sound in sounds if (model := elements.get(sound, "model")) is not None]
    if models:
        draft.set("soundhw", ",".join(models), sounds[0])
    _read_inputs(draft, devices)
    for key in ("serial", "parallel"):
        _read_ports(draft, devices, key)
    _read_channels(draft, devices)
    for hostdev in elements.children(devices, "hostdev"):
        _read_hostdev(draft, hostdev)
    _read_controllers(draft, devices)


def _read_disk(draft: Draft, disk: Node) -> None:
    elements = draft.elements
    source, target = elements.child(disk, "source"), elements.child(disk, "target")
    kind, device, dev = elements.get(disk, "type"), elements.get(disk, "device") or "disk", elements.get(target, "dev")
    path = elements.get(source, "file") or elements.get(source, "dev") or ""
    if kind not in ("file", "block") or device not in ("disk", "cdrom", "floppy"):
        elements.whole(disk)
        draft.lose(disk, f"the {kind} {device} {dev}")
        return
    driver = elements.child(disk, "driver")
    elements.get(driver, "name")
    bus = elements.get(target, "bus")
    if bus in ("sata", "usb") and target is not None:
        draft.lose(target, f"the bus {bus} of {dev}", "its name decides how it is connected")
    access = "ro" if elements.child(disk, "readonly") is not None else "rw"
    access = "w!" if elements.child(disk, "shareable") is not None and access == "rw" else access
    words = draft.words(
        disk,
        {
            "format": elements.get(driver, "type") or "raw",
            "vdev": dev or "",
            "access": None if device == "cdrom" else access,
            "devtype": "cdrom" if device == "cdrom" else None,
            "backendtype": "phy" if kind == "block" and not path.startswith("/dev/") else None,
            "backend": elements.get(elements.child(disk, "backenddomain"), "name"),
        },
    )
    draft.append("disk", f"{words},target={path}" if path else words, disk)


def _read_interface(draft: Draft, interface: Node) -> None:
    elements = draft.elements
    kind, source = elements.get(interface, "type"), elements.child(interface, "source")
    bridge = elements.get(source, "bridge")
    if kind == "network" and source is not None:
        draft.lose(source, f"the network {elements.get(source, 'network')}", "the card gets the host's default network")
    elif kind not in ("bridge", "ethernet", "user"):
        draft.lose(interface, f"the kind {kind} of a card", "the card gets the host's default network")
    tag = elements.child(interface, "vlan", "tag")
    if elements.get(elements.child(interface, "virtualport"), "type") == "openvswitch" and tag is not None:
        bridge = f"{bridge}.{elements.get(tag, 'id')}"
    model = elements.get(elements.child(interface, "model"), "type")
    name = elements.get(elements.child(interface, "target"), "dev")
    rate = elements.get(elements.child(interface, "bandwidth", "outbound"), "average")
    addresses = [address for ip in elements.children(interface, "ip") if (address := elements.get(ip, "address"))]
    words = draft.words(
        interface,
        {
            "mac": elements.get(elements.child(interface, "mac"), "address"),
            "bridge": bridge,
            "type": "vif" if model == "netfront" else None,
            "model": None if model == "netfront" else model,
            "script": elements.get(elements.child(interface, "script"), "path"),
            "ip": " ".join(addresses) or None,
            "vifname": None if name and name.startswith("vnet") else name,
            "rate": f"{rate}KB/s" if rate else None,
            "link": "down" if elements.get(elements.child(interface, "link"), "state") == "down" else None,
            "backend": elements.get(elements.child(interface, "backenddomain"), "name"),
        },
    )
    draft.append("vif", words, interface)


def _read_graphics(draft: Draft, devices: Node | None, kind: str) -> None:
    elements = draft.elements
    words: dict[str, str | int | None] = {"vnc": 0}
    last = None
    for graphics in elements.children(devices, "graphics"):
        door = elements.get(graphics, "type")
        if door == "vnc":
            words |= _vnc(draft, graphics)
        elif door == "sdl":
            words |= {
                "sdl": 1,
                "display": elements.get(graphics, "display"),
                "xauthority": elements.get(graphics, "xauth"),
            }
        else:
            elements.whole(graphics)
            draft.lose(graphics, f"the display over {door}", "VNC is offered instead")
            continue
        last = graphics
    if kind == "hvm":
        for key, value in words.items():
            if devices is not None:
                draft.set(key, value, last or devices)
    elif last is not None:
        draft.append("vfb", draft.words(last, words), last)


def _vnc(draft: Draft, graphics: Node) -> dict[str, str | int | None]:
    elements = draft.elements
    port = elements.get(graphics, "port")
    fixed = port is not None and port.isascii() and port.isdigit() and int(port[:6]) >= _FIRST_PORT
    listen = elements.child(graphics, "listen")
    address = elements.get(listen, "address")
    elements.get(listen, "type")
    return {
        "vnc": 1,
        "vncunused": int(elements.get(graphics, "autoport") == "yes" or not fixed),
        "vncdisplay": int(port) - _FIRST_PORT if fixed and port is not None else None,
        "vnclisten": elements.get(graphics, "listen") or address,
        "vncpasswd": elements.get(graphics, "passwd"),
        "keymap": elements.get(graphics, "keymap"),
    }


def _read_video(draft: Draft, devices: Node | None, kind: str) -> None:
    elements = draft.elements
    for number, video in enumerate(elements.children(devices, "video")):
        model = elements.child(video, "model")
        card, memory = elements.get(model, "type"), elements.get(model, "vram")
        if model is None or card == "xen":
            continue
        if card not in _VGA or number or kind != "hvm":
            elements.whole(video)
            draft.lose(video, f"the VGA card {card}")
            continue
        draft.set("vga", _VGA[card], model)
        usual = _USUAL_VIDEO_RAM.get(_VGA[card])
        if memory and memory.isascii() and memory.isdigit() and usual and int(memory[:12]) > usual:
            draft.set("videoram", int(memory[:12]) // 1024, model)


def _read_inputs(draft: Draft, devices: Node | None) -> None:
    elements = draft.elements
    for node in elements.children(devices, "input"):
        kind, bus = elements.get(node, "type"), elements.get(node, "bus")
        if kind is not None and (bus == "usb" or (bus is None and kind == "tablet")):
            draft.set("usb", 1, node)
            draft.append("usbdevice", kind, node)
        elif bus not in (None, "ps2", "xen"):
            draft.lose(node, f"the {kind} at the bus {bus}")


def _read_ports(draft: Draft, devices: Node | None, key: str) -> None:
    for node in draft.elements.children(devices, key):
        word = word_of(draft.elements, node)
        if word is None:
            draft.lose(node, f"a {key} port of the kind {node.attributes.get('type')}")
        elif key == "serial":
            draft.append(key, word, node)
        else:
            draft.set(key, word, node)


def _read_channels(draft: Draft, devices: Node | None) -> None:
    for channel in devices.children if devices is not None else ():
        names = {child.attributes.get("name") for child in channel.children if child.name == "target"}
        if channel.name == "channel" and AGENT_PORT in names:
            draft.elements.whole(channel)
            draft.set("agent", 1, channel)


def _read_hostdev(draft: Draft, hostdev: Node) -> None:
    elements = draft.elements
    kind, source = elements.get(hostdev, "type"), elements.child(hostdev, "source")
    address = next((child for child in source.children if child.name == "address"), None) if source else None
    found = address.attributes if address is not None else {}
    elements.whole(hostdev)
    if kind == "pci" and {"bus", "slot", "function"} <= set(found):
        numbers = [found.get(name, "0").removeprefix("0x") for name in ("domain", "bus", "slot", "function")]
        permissive = source is not None and source.attributes.get("writeFiltering") == "no"
        domain, bus, slot, function = numbers
        text = f"{domain.zfill(4)}:{bus.zfill(2)}:{slot.zfill(2)}.{function}" + (",permissive=1" if permissive else "")
        draft.append("pci", text, hostdev)
    elif kind == "usb" and {"bus", "device"} <= set(found):
        draft.append("usbdev", f"hostbus={found['bus']},hostaddr={found['device']}", hostdev)
    else:
        draft.lose(hostdev, f"a device of the host of the kind {kind}")


def _read_controllers(draft: Draft, devices: Node | None) -> None:
    elements = draft.elements
    for controller in elements.children(devices, "controller"):
        kind = elements.get(controller, "type")
        if kind == "usb" and elements.get(controller, "model") != "none":
            draft.set("usb", 1, controller)
        if kind == "xenbus":
            draft.set("max_grant_frames", elements.get(controller, "maxGrantFrames"), controller)
            draft.set("max_event_channels", elements.get(controller, "maxEventChannels"), controller)
