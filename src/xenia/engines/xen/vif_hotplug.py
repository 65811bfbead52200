"""Cards that come and go while a guest runs. As with disks, what xenstore says counts."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence

from xenia.engines.base import Guard
from xenia.engines.xen.devices import Device, add, devices, is_asked_for, is_used, release, remove, until, withdraw
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.settings import XenSettings
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.errors import conflict, engine_failed, unavailable
from xenia.model.vif import Way, read_rate
from xenia.network.attach import AttachedVif
from xenia.network.bridge import put_in_vlans
from xenia.network.interface import EMULATED, exists, rename, set_down, set_up
from xenia.network.tap import plug, set_alone

_KIND = "vif"
_NUMBER = "xenia-number"
"""Ours, in the back of a card: its number in the domain, where Xen gives it another one."""
_EMULATED = "vif_ioemu"
_PLUGGED_IN = "connected"
_MADE_SECONDS = 5.0


async def started(store: Xenstore, guest: Guest, cards: Sequence[AttachedVif], moved: Mapping[int, int]) -> None:
    """Write down which card is which one of Xen's: they are numbered from 0 at each start, but for those `moved`. Put
    each into its VLANs. Raises unavailable.
    """
    for place, attached in enumerate(cards):
        vif, number = attached.vif, moved.get(attached.vif.item, place)
        back = Device(guest.domid, _KIND, _KIND, number).back
        if vif.item != number:
            await store.write(f"{back}/{_NUMBER}", str(vif.item))
        if vif.way is Way.SCRIPT and vif.bridge:  # xl was told of none, so that our own script leaves it alone
            await store.write(f"{back}/bridge", vif.bridge)
        _put_in_vlans(attached, vif.vifname or f"vif{guest.domid}.{number}")
    await _learn(store, guest)


def _put_in_vlans(attached: AttachedVif, end: str) -> None:
    """Both ends, of a guest that does not run yet."""
    for name in (end, f"{end}{EMULATED}"):
        try:
            if attached.vlans is not None and exists(name):
                put_in_vlans(attached.bridge or "", name, attached.vlans)
        except OSError as error:
            raise unavailable(f"'{name}' cannot be put into its VLANs: {error.strerror}") from error


async def places(store: Xenstore, guest: Guest) -> dict[int, tuple[int, bool]]:
    """The number that Xen gives each card, by that in the domain, and whether it has an emulated side."""
    found = {}
    for device in await devices(store, guest.domid, _KIND):
        emulated = await store.read(f"{device.back}/type") == _EMULATED
        found[await _number(store, device)] = device.number, emulated
    return found


async def look(store: Xenstore, guest: Guest) -> None:
    """Learn which cards there are, and finish or take back what an xend that died has begun to plug in or unplug."""
    for device in await devices(store, guest.domid, _KIND):
        begun = await store.read(f"{device.back}/hotplug-status") != _PLUGGED_IN
        asked = await is_asked_for(store, device)
        if begun or (asked and not (await is_used(store, device) and await withdraw(store, device))):
            await remove(store, device)
    await _learn(store, guest)


async def _learn(store: Xenstore, guest: Guest) -> None:
    found = {}
    for device in await devices(store, guest.domid, _KIND):
        found[await _number(store, device)] = await _interface(store, device)
    guest.cards = frozenset(found)
    guest.vifs = tuple(name for _, name in sorted(found.items()))


async def attach(store: Xenstore, guest: Guest, attached: AttachedVif, settings: XenSettings, guard: Guard) -> None:
    """Plug in a card, which becomes a port of its bridge, if it has one. On an HVM guest it has no emulated side.

    Raises unavailable where the host refuses that, and what `guard` and `add` raise; then there is none.
    """
    taken = {device.number for device in await devices(store, guest.domid, _KIND)}
    item = attached.vif.item
    number = next(number for number in itertools.chain([item], itertools.count()) if number not in taken)
    device = Device(guest.domid, _KIND, _KIND, number)
    front = {"handle": str(number), "mac": attached.mac, "trusted": "1"}
    await add(store, device, _back(device, attached, os.fspath(settings.hotplug / "vif")), front)
    try:
        await _plug(device, attached, guard)
        await store.write(f"{device.back}/hotplug-status", _PLUGGED_IN)
    except BaseException:
        await remove(store, device)
        raise
    await _learn(store, guest)


def set_link(guest: Guest, number: int, *, up: bool) -> None:
    """Switch the host's ends of a card on or off. Raises engine_failed."""
    end = dict(zip(sorted(guest.cards or ()), guest.vifs, strict=False)).get(number, "")
    try:
        for name in (end, f"{end}{EMULATED}"):
            if exists(name):
                (set_up if up else set_down)(name)
    except OSError as error:
        raise engine_failed(f"the interface '{end}' cannot be switched: {error.strerror}") from error


def _back(device: Device, attached: AttachedVif, script: str) -> Mapping[str, str]:
    vif = attached.vif
    values = {
        "type": "vif",
        "mac": attached.mac,
        "handle": str(device.number),
        "bridge": attached.bridge or vif.bridge or "",
        "script": script,
        "hotplug-status": "",  # netback waits until it is another one
        _NUMBER: str(vif.item),
    }
    if vif.vifname:
        values["vifname"] = vif.vifname
    if vif.ip:
        values["ip"] = " ".join(vif.ip)
    if (rate := read_rate(vif.rate or "")) is not None:
        bytes_per_second, microseconds = rate
        values["rate"] = f"{bytes_per_second * microseconds // 1_000_000},{microseconds}"
    return values


async def _plug(device: Device, attached: AttachedVif, guard: Guard) -> None:
    """netback says that it is ready a moment before it has made the interface."""
    made = f"vif{device.domid}.{device.number}"
    if not await until(lambda: exists(made), _MADE_SECONDS):
        raise engine_failed(f"the host's kernel makes no interface {made}", "what it says: dmesg")
    name = attached.vif.vifname or made
    try:
        if name != made:
            rename(made, name)
    except OSError as error:
        raise unavailable(f"{made} cannot be called {name}: {error.strerror}") from error
    await guard(name)
    set_alone(name) if attached.bridge is None else plug(name, attached.bridge, attached.vlans)


async def detach(store: Xenstore, guest: Guest, number: int) -> None:
    """Have the guest let go of a card. Raises a conflict for one that is emulated, and what `release` raises."""
    device = await find(store, guest, number)
    if await store.read(f"{device.back}/type") == _EMULATED and not await is_used(store, device):
        raise conflict(
            f"the guest uses its card {number} as an emulated one, which stays as long as it runs",
            "a guest with Xen's drivers lets go of it; or take it out of the guest file, for the next start",
        )
    await release(store, device, f"its card {number}")
    await _learn(store, guest)


async def find(store: Xenstore, guest: Guest, number: int) -> Device:
    """The card `number`. Raises engine_failed where Xen knows none."""
    for device in await devices(store, guest.domid, _KIND):
        if await _number(store, device) == number:
            return device
    raise engine_failed(f"Xen knows no card {number} of domain '{guest.name}'", "xl network-list shows what it knows")


async def _number(store: Xenstore, device: Device) -> int:
    written = await store.read(f"{device.back}/{_NUMBER}") or ""
    return int(written) if written.isdigit() else device.number


async def _interface(store: Xenstore, device: Device) -> str:
    return await store.read(f"{device.back}/vifname") or f"vif{device.domid}.{device.number}"
