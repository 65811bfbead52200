"""Which IP addresses guests have, from all that tell of them."""

from __future__ import annotations

import pytest
from tests.support.world import ROOT, World, read_really

from xenia.manager.manager import Manager
from xenia.model.address import CardAddress, Neighbour, Source
from xenia.model.agent import Interface
from xenia.model.errors import unavailable
from xenia.model.network import Lease
from xenia.model.request import CreateRequest

ONE, TWO = "00:16:3e:00:00:01", "00:16:3E:00:00:02"
GUEST = f"""
name = "web"
type = "pvh"
kernel = "/boot/vmlinuz"
vif = ["bridge=lan,mac={ONE},ip=10.20.0.5 10.20.1.0/24", "mac={TWO}"]
"""


async def started(world: World) -> Manager:
    world.read = read_really
    manager = world.boot()
    await manager.start()
    await manager.networks.define("lan", 'mode = "nat"\nsubnet = "10.20.0.0/24"\nsubnet6 = "fd00:20::/64"\n', None)
    job = await manager.wait(manager.create(CreateRequest(GUEST), ROOT).id, 10)
    assert job.error is None
    return manager


async def test_each_address_is_told_once_by_who_is_trusted_most(world: World) -> None:
    manager = await started(world)
    world.network.leased_by["lan"] = (
        Lease("10.20.0.5", ONE, until=world.now + 10),
        Lease("fd00:20::7", ONE),
        Lease("10.20.0.8", ONE, until=world.now - 10),
    )
    world.network.spoken_with = [
        Neighbour("fe80::216:3eff:fe00:1", ONE),
        Neighbour("fd00:20::7", ONE),
        Neighbour("10.20.0.9", ONE),
        Neighbour("192.0.2.7", TWO.lower()),
        Neighbour("192.0.2.8", "00:16:3e:00:00:99"),
    ]
    (entry,) = manager.addresses.table
    seen = [
        Interface("eth1", addresses=("192.0.2.7/24", "fe80::2/64", "nonsense", "2001:db8::9%\nx"), vif=1),
        Interface("docker0", addresses=("172.17.0.1/16",)),
    ]
    assert await manager.addresses.of(entry.started, seen) == (
        CardAddress(0, "10.20.0.5", Source.FILE),
        CardAddress(0, "10.20.0.9", Source.NEIGHBOUR),
        CardAddress(0, "fd00:20::7", Source.LEASE),
        CardAddress(1, "192.0.2.7", Source.AGENT),
    )
    found = await manager.addresses.all()
    assert CardAddress(1, "192.0.2.7", Source.NEIGHBOUR) in found[entry.started.uuid]
    await manager.close()


async def test_a_kernel_that_does_not_tell_is_no_reason_to_tell_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse() -> list[Neighbour]:
        raise unavailable("no netlink")

    manager = await started(world)
    monkeypatch.setattr(type(world.network), "neighbours", lambda _: refuse())
    ((uuid, addresses),) = (await manager.addresses.all()).items()
    assert addresses == (CardAddress(0, "10.20.0.5", Source.FILE),), uuid
    assert "the neighbours of the host are not told: no netlink" in caplog.text
    await manager.close()


async def test_the_bridge_of_a_card_is_that_of_its_network(world: World) -> None:
    manager = await started(world)
    (entry,) = manager.addresses.table
    assert [manager.networks.bridge_of(vif) for vif in entry.started.config.vifs] == ["lan", "xenbr0"]
    await manager.close()
