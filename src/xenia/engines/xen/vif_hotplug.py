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
from xenia.model.vif import Vif, read_rate
from xenia.network.attach import AttachedVif
from xenia.network.interface import exists, rename
from xenia.network.tap import plug

_KIND = "vif"
_NUMBER = "xenia-number"
"""Ours, in the back of a card: its number in the domain, where Xen gives it another one."""
_EMULATED = "vif_ioemu"
_PLUGGED_IN = "connected"
_MADE_SECONDS = 5.0


async def started(store: Xenstore, guest: Guest, vifs: Sequence[Vif]) -> None:
    """Write down which card is which one of Xen's, which are numbered from 0 at each start."""
    for place, vif in enumerate(vifs):
        if vif.item != place:
            await store.write(f"{Device(guest.domid, _KIND, _KIND, place).back}/{_NUMBER}", str(vif.item))
    guest.cards = frozenset(vif.item for vif in vifs)


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
    """Plug in a card, which becomes a port of its bridge. On an HVM guest it has no emulated side.

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


def _back(device: Device, attached: AttachedVif, script: str) -> Mapping[str, str]:
    vif = attached.vif
    values = {
        "type": "vif",
        "mac": attached.mac,
        "handle": str(device.number),
        "bridge": attached.bridge or "",
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
    plug(name, attached.bridge or "")


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
