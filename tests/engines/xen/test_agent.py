"""What guests tell of themselves by xenstore."""

from __future__ import annotations

import pytest

from xenia.engines.xen.agent import XenstoreAgent
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.agent import AgentInfo, Interface
from xenia.model.errors import ErrorKind, XeniaError

LINUX = {
    "attr/PVAddons/MajorVersion": "8",
    "attr/PVAddons/MinorVersion": "0",
    "attr/PVAddons/MicroVersion": "50",
    "data/os_name": "Debian GNU/Linux 12 (bookworm)",
    "data/os_uname": "6.1.0-18-amd64",
    "attr/vif/0/ipv4/0": "192.0.2.7",
    "attr/vif/0/ipv6/0": "fe80::216:3eff:fe00:1",
    "attr/vif/1/ipv4/0": "198.51.100.7",
    "attr/eth0/ip": "192.0.2.7",
}


async def tell(store: Xenstore, entries: dict[str, str]) -> XenstoreAgent:
    for path, value in entries.items():
        await store.write(f"/local/domain/7/{path}", value)
    return XenstoreAgent(store, 7, "web")


async def test_a_linux_guest_tells_its_system_and_addresses(store: Xenstore) -> None:
    agent = await tell(store, LINUX)
    cards = (
        Interface("", addresses=("192.0.2.7", "fe80::216:3eff:fe00:1"), vif=0),
        Interface("", addresses=("198.51.100.7",), vif=1),
    )
    told = AgentInfo("xenstore", "8.0.50", "Debian GNU/Linux 12 (bookworm)", "6.1.0-18-amd64", interfaces=cards)
    assert await agent.info() == told
    assert await agent.interfaces(seconds=5) == cards


async def test_a_windows_guest_and_an_old_agent_do_in_their_own_way(store: Xenstore) -> None:
    name = "Microsoft Windows 10 Pro|C:\\WINDOWS|\\Device\\Harddisk0\\Partition2"
    agent = await tell(store, {"data/os_name": name, "data/host_name": "WINXP", "attr/eth1/ip": "192.0.2.9"})
    told = await agent.info()
    assert (told.os, told.host_name) == ("Microsoft Windows 10 Pro", "WINXP")
    assert told.interfaces == (Interface("eth1", addresses=("192.0.2.9",), vif=1),)


async def test_a_guest_that_says_nothing_is_said_so(store: Xenstore) -> None:
    agent = await tell(store, {"attr": "", "data": "", "control/feature-poweroff": "1"})
    with pytest.raises(XeniaError, match="has not told anything") as raised:
        await agent.info()
    assert raised.value.kind is ErrorKind.CONFLICT
    assert await agent.interfaces(seconds=5) == ()


async def test_what_it_tells_is_bounded_and_no_address_is_taken_for_one(store: Xenstore) -> None:
    lies = {f"attr/vif/{number}/ipv4/0": "192.0.2.1" for number in range(80)}
    lies |= {"attr/vif/x/ipv4/0": "192.0.2.1", "attr/vif/0/ipv4/1": "\x1b[31m", "attr/vif/0/ipv4/2": "192.0.2.999"}
    lies |= {"data/os_name": "x" * 4000, "attr/eth999/ip": "192.0.2.1"}
    told = await (await tell(store, lies)).info()
    assert len(told.os) == 256
    assert told.interfaces is not None
    assert len(told.interfaces) <= 64
    assert {each.addresses for each in told.interfaces} == {("192.0.2.1",)}
