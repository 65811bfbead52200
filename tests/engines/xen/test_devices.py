"""Devices in a real xenstore, with drivers on both ends that do as a test wants."""

from __future__ import annotations

import pytest
from tests.engines.xen.drivers import Drivers
from tests.support.xenstored import Xenstored

from xenia.engines.base import Plugged
from xenia.engines.xen import devices as module
from xenia.engines.xen.devices import Device, add, devices, how_taken, release, withdraw
from xenia.engines.xen.transaction import Transaction
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.errors import ErrorKind, XeniaError

DISK = Device(0, "vbd", "vbd", 51728)
"""Of the only domain that this xenstored believes in."""


async def plugged_in(store: Xenstore, *, used: bool = True) -> None:
    await add(store, DISK, {"dev": "xvdb"}, {"virtual-device": "51728"})
    if used:
        await Drivers(store).take(DISK.back)


async def left(store: Xenstore) -> list[str | None]:
    return [await store.read(folder) for folder in (DISK.front, DISK.back, DISK.books)]


@pytest.mark.usefixtures("drivers")
async def test_a_device_is_two_folders_and_an_entry_in_libxls_books(store: Xenstore, xenstored: Xenstored) -> None:
    await plugged_in(store, used=False)
    told = xenstored.tool("xenstore-ls", "-fp", "/")
    for line in (
        '/local/domain/0/device/vbd/51728 = ""   (n0,r0)',
        '/local/domain/0/device/vbd/51728/backend = "/local/domain/0/backend/vbd/0/51728"   (n0,r0)',
        '/local/domain/0/device/vbd/51728/virtual-device = "51728"   (n0,r0)',
        '/local/domain/0/backend/vbd/0/51728/frontend = "/local/domain/0/device/vbd/51728"   (n0,r0)',
        '/local/domain/0/backend/vbd/0/51728/online = "1"   (n0,r0)',
        '/local/domain/0/backend/vbd/0/51728/dev = "xvdb"   (n0,r0)',
        '/libxl/0/device/vbd/51728/backend = "/local/domain/0/backend/vbd/0/51728"   (n0)',
    ):
        assert line in " ".join(told.split("\t")), told
    assert await devices(store, 0, "vbd") == [DISK]
    assert await devices(store, 0, "vif") == []


@pytest.mark.usefixtures("drivers")
async def test_a_number_is_given_once(store: Xenstore) -> None:
    await plugged_in(store)
    with pytest.raises(XeniaError, match="has a device vbd 51728 already") as raised:
        await plugged_in(store)
    assert raised.value.kind is ErrorKind.CONFLICT
    assert await store.read(f"{DISK.front}/state") == "4"


@pytest.mark.usefixtures("drivers")
async def test_a_guest_takes_a_device_ignores_it_or_has_no_system_that_could(
    store: Xenstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UNSEEN_SECONDS", 0.01)
    await plugged_in(store, used=False)
    assert await how_taken(store, DISK, 0.05) is Plugged.UNSEEN
    await store.write("/local/domain/0/control/feature-poweroff", "")  # as Xen's tools make it
    assert await how_taken(store, DISK, 0.05) is Plugged.UNSEEN
    await store.write("/local/domain/0/control/feature-poweroff", "1")
    assert await how_taken(store, DISK, 0.05) is Plugged.IGNORED
    await Drivers(store).take(DISK.back)
    assert await how_taken(store, DISK, 30) is Plugged.TAKEN


@pytest.mark.usefixtures("drivers")
async def test_a_domain_that_is_gone_gets_none(store: Xenstore) -> None:
    with pytest.raises(XeniaError, match="no such domain any more"):
        await add(store, Device(5, "vbd", "vbd", 51728), {}, {})
    assert await store.directory("/libxl/5") == []


async def test_a_driver_that_notices_nothing_leaves_nothing(
    store: Xenstore, drivers: Drivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READY_SECONDS", 0.1)
    drivers.notices = False
    await store.write("/local/domain/0/error/backend/vbd/0/51728/error", "2 creating vbd structure")
    with pytest.raises(XeniaError, match=r"for vbd does not take the device: 2 creating vbd structure") as raised:
        await plugged_in(store)
    assert raised.value.kind is ErrorKind.TIMED_OUT
    assert await left(store) == [None, None, None]


@pytest.mark.usefixtures("drivers")
@pytest.mark.parametrize("used", [True, False])
async def test_a_guest_lets_go_or_is_not_asked_where_it_does_not_use_it(store: Xenstore, *, used: bool) -> None:
    await plugged_in(store, used=used)
    await release(store, DISK, "xvdb")
    assert await left(store) == [None, None, None]
    await plugged_in(store)


async def test_a_guest_that_clings_to_it_keeps_it_as_it_was(
    store: Xenstore, drivers: Drivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    drivers.lets_go = False
    await plugged_in(store)
    with monkeypatch.context() as impatient:
        impatient.setattr(module, "UNPLUG_SECONDS", 0.1)
        with pytest.raises(XeniaError, match=r"did not let go of xvdb within 0\.1 s, and keeps it") as raised:
            await release(store, DISK, "xvdb")
    assert raised.value.kind is ErrorKind.TIMED_OUT
    assert (await store.read(f"{DISK.back}/state"), await store.read(f"{DISK.back}/online")) == ("4", "1")
    drivers.lets_go = True
    await release(store, DISK, "xvdb")
    assert await left(store) == [None, None, None]


@pytest.mark.usefixtures("drivers")
async def test_what_is_withdrawn_too_late_is_not(store: Xenstore) -> None:
    await plugged_in(store)
    await store.write(f"{DISK.back}/state", "6")
    assert not await withdraw(store, DISK)
    assert await store.read(f"{DISK.back}/state") == "6"


async def test_a_change_that_somebody_gets_between_is_made_anew(store: Xenstore) -> None:
    tries = []

    async def change(changes: Transaction) -> str | None:
        seen = await changes.read("/tool/a")
        tries.append(seen)
        if len(tries) == 1:
            await store.write("/tool/a", "other")
        await changes.write("/tool", {"a": f"{seen} and mine"})
        return seen

    await store.write("/tool/a", "one")
    assert await store.atomically(change) == "other"
    assert tries == ["one", "other"]
    assert await store.read("/tool/a") == "other and mine"


async def test_a_change_that_fails_changes_nothing(store: Xenstore) -> None:
    async def change(changes: Transaction) -> None:
        await changes.write("/tool", {"a": "1", "b": "2"})
        await changes.remove("/tool/nothing")
        raise LookupError

    with pytest.raises(LookupError):
        await store.atomically(change)
    assert await store.read("/tool/a") is None
