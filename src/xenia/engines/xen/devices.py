"""The devices of a domain in xenstore: made in one step, known by what stands there, and given back by their guest.

A device is two folders, that of the guest's driver (the front) and that of the host's (the back), whose states tell
each other how far they are (Xen's public/io/xenbus.h); and a third one in libxl's own books. xl shows and removes what
is made here as it does what it has made itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from xenia.engines.base import UNSEEN_SECONDS, Plugged
from xenia.engines.xen.transaction import Transaction
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.errors import conflict, timed_out

UNPLUG_SECONDS = 10.0
"""How long a guest may take to let go of a device; a Linux guest takes some hundredths of a second."""
READY_SECONDS = 10.0
"""How long a driver of the host may take to notice a device."""

INITIALISING, READY, CONNECTED, CLOSING, CLOSED = "1", "2", "4", "5", "6"
"""Of enum xenbus_state; READY is InitWait: the back waits for the front."""
_IN_USE = frozenset({"3", CONNECTED, CLOSING})
_GONE_SECONDS = 5.0
_LOOK_AGAIN = 0.005
_BACK = re.compile(r"/local/domain/0/backend/(\w+)/\d+/\d+")


@dataclass(frozen=True, slots=True)
class Device:
    """`kind` is that of the front (vbd, vif), `backend` that of the back (vbd, qdisk, vif)."""

    domid: int
    kind: str
    backend: str
    number: int

    @property
    def front(self) -> str:
        return f"/local/domain/{self.domid}/device/{self.kind}/{self.number}"

    @property
    def back(self) -> str:
        return f"/local/domain/0/backend/{self.backend}/{self.domid}/{self.number}"

    @property
    def books(self) -> str:
        return f"/libxl/{self.domid}/device/{self.kind}/{self.number}"


async def devices(store: Xenstore, domid: int, kind: str) -> list[Device]:
    """Those of a domain that this host serves, by number. Raises engine_failed, unavailable."""
    folder = f"/libxl/{domid}/device/{kind}"
    numbers = sorted(int(name) for name in await store.directory(folder) if name.isdigit())
    found = []
    for number in numbers:
        served = _BACK.fullmatch(await store.read(f"{folder}/{number}/backend") or "")
        if served is not None:
            found.append(Device(domid, kind, served[1], number))
    return found


async def add(store: Xenstore, device: Device, back: Mapping[str, str], front: Mapping[str, str]) -> None:
    """Make a device, and wait until the host's driver has noticed it; the guest takes it in its own time.

    Raises a conflict where the guest has such a one already, timed_out, engine_failed, unavailable; then there is none.
    """
    whole_front = {"backend": device.back, "backend-id": "0", "state": INITIALISING, **front}
    whole_back = {"frontend-id": str(device.domid), "online": "1", "state": INITIALISING, **back}

    async def write(changes: Transaction) -> None:
        if await changes.read(f"{device.books}/backend") is not None:
            raise conflict(f"the guest has a device {device.kind} {device.number} already")
        await changes.make(device.front, device.domid, 0)
        await changes.write(device.front, whole_front)
        await changes.make(device.back, 0, device.domid)
        await changes.write(device.back, {"frontend": device.front, **whole_back})
        await changes.write(device.books, {"frontend": device.front, "backend": device.back, **whole_back})

    await store.atomically(write)
    if not await store.comes_to(f"{device.back}/state", {READY, "3", CONNECTED}, READY_SECONDS):
        said = await store.read(f"/local/domain/0/error/{device.back.partition('domain/0/')[2]}/error")
        await remove(store, device)
        raise timed_out(
            f"the host's driver for {device.backend} does not take the device: {said or 'it says nothing'}",
            "what the kernel says: dmesg; what QEMU says: /var/log/xen/qemu-dm-*.log",
        )


async def release(store: Xenstore, device: Device, what: str) -> None:
    """Have the guest let go of a device, which is `what` to people, and return when nothing of it is left.

    One that no driver of the guest uses is taken at once. Raises timed_out when the guest does not let go, and then it
    has it as before; engine_failed, unavailable.
    """
    if await is_used(store, device):
        await _ask_for(store, device)
        closed = await store.comes_to(f"{device.back}/state", {CLOSED, None}, UNPLUG_SECONDS)
        if not closed and await withdraw(store, device):
            raise timed_out(
                f"the guest did not let go of {what} within {UNPLUG_SECONDS:g} s, and keeps it",
                "see what uses it there, and whether the guest is up; then try again",
            )
    await remove(store, device)


async def is_used(store: Xenstore, device: Device) -> bool:
    """Whether a driver of the guest has taken it."""
    return await store.read(f"{device.front}/state") in _IN_USE


async def how_taken(store: Xenstore, device: Device, seconds: float) -> Plugged:
    """As engines.base.Plugs.how_taken: a driver of the guest says that it is connected."""
    at_first = min(seconds, UNSEEN_SECONDS)
    if await _is_connected(store, device, at_first):
        return Plugged.TAKEN
    if not await _is_up(store, device.domid):
        return Plugged.UNSEEN
    return Plugged.TAKEN if await _is_connected(store, device, seconds - at_first) else Plugged.IGNORED


async def _is_connected(store: Xenstore, device: Device, seconds: float) -> bool:
    return await store.comes_to(f"{device.front}/state", {CONNECTED}, seconds)


async def _is_up(store: Xenstore, domid: int) -> bool:
    """Whether a system with Xen's drivers runs in a guest: Linux says so here once it listens to xenstore
    (drivers/xen/manage.c, setup_shutdown_watcher).
    """
    return await store.read(f"/local/domain/{domid}/control/feature-poweroff") == "1"


async def is_asked_for(store: Xenstore, device: Device) -> bool:
    """Whether the guest was asked to let go of it: an xend has died over that."""
    return await store.read(f"{device.back}/online") == "0"


async def withdraw(store: Xenstore, device: Device) -> bool:
    """Ask the guest no longer to let go; whether that was in time."""

    async def write(changes: Transaction) -> bool:
        if await changes.read(f"{device.back}/state") in (CLOSED, None):
            return False
        await changes.write(device.back, {"online": "1", "state": CONNECTED})
        return True

    return await store.atomically(write)


async def _ask_for(store: Xenstore, device: Device) -> None:
    async def write(changes: Transaction) -> None:
        if await changes.read(f"{device.back}/state") is not None:
            await changes.write(device.back, {"online": "0", "state": CLOSING})

    await store.atomically(write)


async def remove(store: Xenstore, device: Device) -> None:
    """Take a device away, whatever its guest does with it, and return when the host's driver has let go of it."""

    async def write(changes: Transaction) -> None:
        for folder in (device.front, device.back, device.books):
            await changes.remove(folder)

    await store.atomically(write)
    served = Path(f"/sys/devices/{device.backend}-{device.domid}-{device.number}")
    await until(lambda: not served.exists(), _GONE_SECONDS)


async def until(is_true: Callable[[], bool], seconds: float) -> bool:
    """Whether something of the kernel comes true within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while not is_true():  # noqa: ASYNC110  # the kernel tells nobody
                await asyncio.sleep(_LOOK_AGAIN)
    except TimeoutError:
        return False
    return True
