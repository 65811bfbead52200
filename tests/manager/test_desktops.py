"""Where the desktops of guests are, as far as it is believed."""

from __future__ import annotations

import socket
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from tests.support.world import ROOT, World, read_really

from xenia.manager.desktops import believed
from xenia.manager.manager import Manager
from xenia.model.address import CardAddress, Source
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.request import CreateRequest
from xenia.network.host import Link

LAN = Link("lan", 7, "bridge", addresses=("10.20.0.1/24", "fd00:20::1/64"), link_local=("fe80::1/64",))
CARD = Link("eth0", 2, addresses=("192.0.2.5/24",))
BARE = Link("bare", 8, "bridge")
LINKS = {each.name: each for each in (LAN, CARD, BARE)}
BRIDGES = {0: "lan", 1: "bare", 3: None}


def told(ip: str, source: Source, vif: int = 0) -> tuple[str, ...]:
    return believed([CardAddress(vif, ip, source)], BRIDGES, LINKS)


@pytest.mark.parametrize("source", list(Source))
@pytest.mark.parametrize(
    "ip",
    [
        *(
            "127.0.0.1",
            "127.8.9.1",
            str(IPv4Address(0)),
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "169.254.169.254",
        ),
        *("::1", "::", "ff02::1", "fe80::2", "fe80::2%lan", "::ffff:127.0.0.1", "::ffff:10.20.0.7", "::10.20.0.7"),
        *("10.20.0.1", "fd00:20::1", "192.0.2.5", "web", "", "10.20.0.7:22", "010.20.0.7"),
    ],
)
def test_nothing_leads_to_the_host_itself_or_nowhere(ip: str, source: Source) -> None:
    assert told(ip, source) == ()


@pytest.mark.parametrize("ip", ["10.20.0.7", "fd00:20::7"])
@pytest.mark.parametrize("source", list(Source))
def test_what_is_near_is_believed_whoever_tells(ip: str, source: Source) -> None:
    assert told(ip, source) == (ip,)


@pytest.mark.parametrize("ip", ["192.0.2.99", "203.0.113.1", "2001:db8::7", "10.20.1.7"])
@pytest.mark.parametrize("vif", [0, 1, 3])
def test_what_only_the_guest_tells_is_believed_within_its_own_network(ip: str, vif: int) -> None:
    assert told(ip, Source.AGENT, vif) == told(ip, Source.NEIGHBOUR, vif) == ()
    assert told(ip, Source.FILE, vif) == told(ip, Source.LEASE, vif) == (ip,)


def test_a_card_that_nobody_reaches_has_none() -> None:
    assert told("10.20.0.7", Source.FILE, 2) == ()


def test_the_most_trustworthy_comes_first_and_each_once() -> None:
    everything = [
        CardAddress(0, "10.20.0.9", Source.NEIGHBOUR),
        CardAddress(0, "10.20.0.8", Source.AGENT),
        CardAddress(0, "10.20.0.7", Source.FILE),
        CardAddress(1, "10.20.0.7", Source.LEASE),
    ]
    assert believed(everything, BRIDGES, LINKS) == ("10.20.0.7", "10.20.0.8", "10.20.0.9")


async def running(world: World, vif: str = '["ip=192.0.2.7"]') -> Manager:
    world.read = read_really
    manager = world.boot()
    await manager.start()
    text = f'name = "web"\ntype = "pvh"\nkernel = "/boot/vmlinuz"\nvif = {vif}\n'
    job = await manager.wait(manager.create(CreateRequest(text), ROOT).id, 10)
    assert job.error is None, job.error
    return manager


async def refused(manager: Manager, ref: str = "web", caller: Caller = ROOT) -> XeniaError:
    with pytest.raises(XeniaError) as raised:
        await manager.desktops.connect(await manager.desktops.find(ref, caller))
    return raised.value


async def test_who_may_see_it_and_when(world: World) -> None:
    manager = await running(world)
    viewer = Caller(1, "vic", Role.VIEWER)
    assert (await refused(manager, caller=viewer)).kind is ErrorKind.DENIED
    assert (await refused(manager, "nobody")).kind is ErrorKind.NOT_FOUND
    assert (await refused(manager, "Domain-0")).kind is ErrorKind.INVALID
    domain = await manager.desktops.find("web", ROOT)
    await manager.wait(manager.operate("destroy", "web", ROOT).id, 10)
    with pytest.raises(XeniaError, match="there is no domain") as raised:
        await manager.desktops.connect(domain)
    assert raised.value.kind is ErrorKind.NOT_FOUND


async def test_one_without_an_address_says_so_and_what_to_do(world: World) -> None:
    error = await refused(await running(world, '[""]'))
    assert (error.kind, error.message) == (
        ErrorKind.UNAVAILABLE,
        "domain 'web' cannot be reached from the host: of its addresses none is known",
    )
    assert error.hint is not None
    assert "ip= of its card" in error.hint


async def test_one_that_lies_is_not_believed(world: World) -> None:
    error = await refused(await running(world, '["ip=127.0.0.1"]'))
    assert error.message.endswith("of its addresses none that is told may be believed")


async def test_the_connection_is_to_the_guest_and_a_closed_port_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xenia.manager.desktops.believed", lambda *_: ("127.0.0.1",))
    manager = await running(world)
    domain = await manager.desktops.find("web", ROOT)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        manager.desktops = replace(manager.desktops, port=port)
        connection, address = await manager.desktops.connect(domain)
        with connection:
            assert (address, connection.getpeername()) == ("127.0.0.1", ("127.0.0.1", port))
            assert not connection.getblocking()
    error = await refused(manager)
    assert error.kind is ErrorKind.UNAVAILABLE
    assert error.message == f"no desktop answers at port {port} of 'web': 127.0.0.1: nothing listens there"
