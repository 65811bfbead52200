"""USB devices of a domain, which come and go while it runs.

What is emulated is plugged into the device model of an HVM guest, over its monitor. Devices of the host are given by
xl, which makes a controller where there is none: that is untried, for want of hardware, and written against xl(1).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from xenia.engines.xen.debugging import ask_device_model
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.xl import Xl
from xenia.model.domain import Kind
from xenia.model.errors import XeniaError, engine_failed, invalid
from xenia.model.usb import is_hosts
from xenia.storage.usb import OpenedUsb, UsbHost

_DRIVERS = {"tablet": "usb-tablet", "mouse": "usb-mouse", "keyboard": "usb-kbd"}
_PRODUCT = re.compile(r"Product QEMU USB (Tablet|Mouse|Keyboard)")
_LISTED = re.compile(r"Port (\d+): Bus (\d+) Device (\d+)")
_CONTROLLER = re.compile(r"(\d+)\s+\S+")


async def look(xl: Xl, guest: Guest, words: Collection[str], host: UsbHost) -> frozenset[str]:
    """Which of these devices it has."""
    there = {(bus, address) for _, _, bus, address in await _hosts(xl, guest)} if any(map(is_hosts, words)) else set()
    emulated = _PRODUCT.findall(await ask_device_model(xl, guest, "info usb")) if guest.kind is Kind.HVM else []
    return frozenset(word for word in words if word in map(str.lower, emulated) or _place(word, host) in there)


def _place(word: str, host: UsbHost) -> tuple[int, int] | None:
    """None for a device that the host has no longer, and for what is emulated."""
    try:
        return host.find(word) if is_hosts(word) else None
    except XeniaError:
        return None


async def plug(xl: Xl, guest: Guest, opened: OpenedUsb) -> None:
    """As PlugsUsb.attach_usb."""
    if is_hosts(opened.word):
        await xl.run("usbdev-attach", str(guest.domid), f"hostbus={opened.bus}", f"hostaddr={opened.address}")
        return
    if guest.kind is not Kind.HVM:
        raise invalid(
            f"domain '{guest.name}' is a {guest.kind} guest: no USB device is emulated for it",
            "it may be given one of the host: xm usb-attach DOMAIN host:BUS.ADDRESS",
        )
    await _have_done(xl, guest, f"device_add {_DRIVERS[opened.word]},id=usb-{opened.word}")


async def unplug(xl: Xl, guest: Guest, word: str, host: UsbHost) -> None:
    """As PlugsUsb.detach_usb."""
    if not is_hosts(word):
        await _have_done(xl, guest, f"device_del usb-{word}")
        return
    wanted = host.find(word)
    for controller, port, *place in await _hosts(xl, guest):
        if tuple(place) == wanted:
            await xl.run("usbdev-detach", str(guest.domid), f"controller={controller}", f"port={port}")
            return
    raise engine_failed(f"domain '{guest.name}' has no USB device {word}", f"xl usb-list {guest.domid} shows them")


async def _hosts(xl: Xl, guest: Guest) -> list[tuple[int, int, int, int]]:
    """Controller, port, bus and address of each device of the host that it has (xl_usb.c, usb_list)."""
    found, controller = [], 0
    for line in (await xl.run("usb-list", str(guest.domid))).splitlines():
        if listed := _LISTED.search(line):
            port, bus, address = map(int, listed.groups())
            found.append((controller, port, bus, address))
        elif begun := _CONTROLLER.match(line):
            controller = int(begun[1])
    return found


async def _have_done(xl: Xl, guest: Guest, command: str) -> None:
    """A monitor says what went wrong, and nothing when all is well."""
    said = (await ask_device_model(xl, guest, command)).strip()
    if said:
        raise engine_failed(
            f"the device model of domain '{guest.name}' refuses: {said}", "it needs usb = 1 in its file"
        )
