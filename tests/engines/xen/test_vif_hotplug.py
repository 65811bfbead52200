"""Cards that come and go in a real xenstore; the kernel is that of the test."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engines.xen.drivers import BACKEND, Drivers

from xenia.engines.xen import vif_hotplug
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.settings import XenSettings
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.domain import Kind, State
from xenia.model.errors import ErrorKind, XeniaError, unavailable
from xenia.model.vif import Vif, VifType
from xenia.model.vlan import Vlans
from xenia.network.attach import AttachedVif

MAC = "00:16:3e:00:00:07"


class Interfaces:
    """Those that the kernel has made, and what was done to them."""

    def __init__(self) -> None:
        self.makes = True
        self.fails = False
        self.done: list[tuple[str, str]] = []

    def exists(self, name: str) -> bool:
        return self.makes and name.startswith("vif0.")

    def rename(self, name: str, new: str) -> None:
        self.done.append((name, new))

    def plug(self, name: str, bridge: str, vlans: Vlans | None) -> None:
        if self.fails:
            raise unavailable("no port")
        self.done.append((name, bridge))

    async def guard(self, name: str) -> None:
        self.done.append((name, "guarded"))


@pytest.fixture
def interfaces(monkeypatch: pytest.MonkeyPatch) -> Interfaces:
    made = Interfaces()
    for name in ("exists", "rename", "plug"):
        monkeypatch.setattr(vif_hotplug, name, getattr(made, name))
    return made


@pytest.fixture
def settings(tmp_path: Path) -> XenSettings:
    return XenSettings(tmp_path, hotplug=Path("/hotplug"))


def guest(kind: Kind = Kind.PV) -> Guest:
    return Guest("uuid", 0, "web", kind, State.RUNNING)


def card(number: int, **words: object) -> AttachedVif:
    vif = Vif(VifType.PARAVIRTUAL, mac=MAC, item=number, **words)  # type: ignore[arg-type]
    return AttachedVif(vif, MAC, bridge="lan")


@pytest.mark.usefixtures("drivers")
async def test_a_card_comes_is_found_again_and_goes(
    store: Xenstore, settings: XenSettings, interfaces: Interfaces, drivers: Drivers
) -> None:
    web = guest()
    await vif_hotplug.attach(
        store, web, card(1, vifname="web1", rate="10Mb/s", ip=("192.0.2.7",)), settings, interfaces.guard
    )
    back = f"{BACKEND}/vif/0/1"
    names = ("bridge", "handle", "hotplug-status", "ip", "mac", "rate", "script", "type", "vifname")
    assert {name: await store.read(f"{back}/{name}") for name in names} == {
        "bridge": "lan", "handle": "1", "hotplug-status": "connected", "ip": "192.0.2.7", "mac": MAC,
        "rate": "62500,50000", "script": "/hotplug/vif", "type": "vif", "vifname": "web1",
    }  # fmt: skip
    assert interfaces.done == [("vif0.1", "web1"), ("web1", "guarded"), ("web1", "lan")]
    await drivers.take(back)
    again = guest()
    await vif_hotplug.look(store, again)
    assert (again.cards, again.vifs) == (web.cards, web.vifs) == ({1}, ("web1",))
    await vif_hotplug.detach(store, web, 1)
    assert (web.cards, web.vifs) == (set(), ())


@pytest.mark.usefixtures("drivers")
async def test_a_card_keeps_its_number_where_xen_counts_anew(
    store: Xenstore, settings: XenSettings, interfaces: Interfaces
) -> None:
    """The cards 1 and 2 of a domain that was started over are 0 and 1 to Xen."""
    web = guest()
    for place in (0, 1):
        for name, value in {"hotplug-status": "connected", "online": "1"}.items():
            await store.write(f"{BACKEND}/vif/0/{place}/{name}", value)
        await store.write(f"/libxl/0/device/vif/{place}/backend", f"{BACKEND}/vif/0/{place}")
    await vif_hotplug.started(store, web, [card(1), card(2)], {})
    assert web.cards == {1, 2}
    await vif_hotplug.attach(store, web, card(0), settings, interfaces.guard)
    assert (web.cards, web.vifs) == ({0, 1, 2}, ("vif0.2", "vif0.0", "vif0.1"))
    await vif_hotplug.detach(store, web, 2)
    assert sorted(await store.directory("/libxl/0/device/vif")) == ["0", "2"]


@pytest.mark.usefixtures("drivers")
@pytest.mark.parametrize("failure", ["no interface", "no port"])
async def test_a_kernel_that_refuses_leaves_nothing(
    store: Xenstore,
    settings: XenSettings,
    interfaces: Interfaces,
    monkeypatch: pytest.MonkeyPatch,
    failure: str,
) -> None:
    monkeypatch.setattr(vif_hotplug, "_MADE_SECONDS", 0.05)
    interfaces.makes, interfaces.fails = failure != "no interface", failure == "no port"
    with pytest.raises(XeniaError, match=failure):
        await vif_hotplug.attach(store, guest(), card(0), settings, interfaces.guard)
    assert await store.directory("/libxl/0/device/vif") == []


async def test_a_card_that_an_xend_has_left_half_plugged_in_is_removed(store: Xenstore) -> None:
    back = f"{BACKEND}/vif/0/3"
    await store.write(f"{back}/hotplug-status", "")
    await store.write("/libxl/0/device/vif/3/backend", back)
    web = guest()
    await vif_hotplug.look(store, web)
    assert (web.cards, await store.read(back)) == (set(), None)


async def test_an_emulated_card_stays(store: Xenstore) -> None:
    await store.write(f"{BACKEND}/vif/0/0/type", "vif_ioemu")
    await store.write("/libxl/0/device/vif/0/backend", f"{BACKEND}/vif/0/0")
    with pytest.raises(XeniaError, match="uses its card 0 as an emulated one") as raised:
        await vif_hotplug.detach(store, guest(Kind.HVM), 0)
    assert raised.value.kind is ErrorKind.CONFLICT
    with pytest.raises(XeniaError, match="Xen knows no card 4"):
        await vif_hotplug.detach(store, guest(Kind.HVM), 4)
