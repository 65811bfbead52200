"""Networks: defined, planned, applied, kept as they are to be, removed; the host is in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from copy import deepcopy
from dataclasses import replace

import pytest
from tests.support.world import ROOT, World, read_really

from xenia.manager.manager import Manager
from xenia.manager.networks.cards import CardNetworks
from xenia.manager.networks.guests import Guests
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, GuestFileError, XeniaError
from xenia.model.job import Job
from xenia.model.network import Lease, NetworkState
from xenia.model.request import CreateRequest
from xenia.model.vif import Vif
from xenia.network.addresses import link_local_of
from xenia.network.host import SWITCH, Link, Listener, Route
from xenia.network.mac import bridge_mac
from xenia.network.port import KnownAddresses
from xenia.store.networks import etag_of

OPERATOR = Caller(1000, "op", Role.OPERATOR)
NAT = 'mode = "nat"\nsubnet = "10.20.0.0/24"\nsubnet6 = "fd00:20::/64"\n'
FORWARD = '[[forward]]\nport = 8080\nto = "10.20.0.5:80"\n'
LEASE = '[[lease]]\nmac = "00:16:3e:00:00:09"\nip = "10.20.0.9"\nname = "fixed"\n'


@pytest.fixture
async def manager(world: World) -> AsyncIterator[Manager]:
    manager = world.boot()
    await manager.start()
    yield manager
    await manager.close()


async def put(manager: Manager, name: str, text: str, etag: str | None = None) -> Job:
    return await manager.wait(manager.networks.put(name, text, etag, ROOT).id, 10)


async def make(manager: Manager, name: str, text: str) -> None:
    job = await put(manager, name, text)
    assert job.error is None


async def delete(manager: Manager, name: str) -> Job:
    return await manager.wait(manager.networks.delete(name, ROOT).id, 10)


async def apply(manager: Manager, name: str = "", digest: str = "") -> Job:
    return await manager.wait(manager.networks.apply(name, digest, ROOT).id, 10)


def look(world: World) -> object:
    """The host as it is, but for numbers that count up."""
    network = world.network
    return deepcopy((network.interfaces, network.sysctls, network.rules, network.services, network.names))


async def states(manager: Manager) -> dict[str, NetworkState]:
    return {row.name: row.state for row in (await manager.networks.all())[0]}


async def settle(until: Callable[[], object]) -> None:
    for _ in range(1000):
        if until():
            return
        await asyncio.sleep(0)
    raise AssertionError("it does not come")


async def test_a_network_is_made_and_leaves_nothing_behind(world: World, manager: Manager) -> None:
    before = look(world)
    await make(manager, "lan", NAT + FORWARD + LEASE)
    host = world.network
    bridge = host.interfaces["lan"]
    assert (bridge.kind, bridge.up, bridge.addresses) == ("bridge", True, ("10.20.0.1/24", "fd00:20::1/64"))
    assert host.sysctls["net/ipv4/ip_forward"] == "1"
    assert host.sysctls["net/ipv6/conf/all/forwarding"] == "1"
    assert host.sysctls["net/ipv6/conf/eth0/accept_ra"] == "2"
    assert host.rules is not None
    assert "interface=lan\n" in host.services["lan"]
    assert host.names["lan"] == "00:16:3e:00:00:09,10.20.0.9,fixed\n"
    assert world.files["etc/xen/networks/lan.toml"].decode() == NAT + FORWARD + LEASE
    assert await states(manager) == {"lan": NetworkState.UP}
    assert (await delete(manager, "lan")).error is None
    assert look(world) == before
    assert "etc/xen/networks/lan.toml" not in world.files
    assert await states(manager) == {}


async def test_what_two_networks_need_goes_with_the_last_of_them(world: World, manager: Manager) -> None:
    before = look(world)
    await make(manager, "lan", NAT)
    await make(manager, "dmz", 'mode = "routed"\nsubnet = "10.21.0.0/24"')
    await delete(manager, "lan")
    assert world.network.sysctls["net/ipv4/ip_forward"] == "1"
    assert world.network.sysctls["net/ipv6/conf/all/forwarding"] == "0"
    await delete(manager, "dmz")
    assert look(world) == before


async def test_what_was_set_before_stays_set(world: World, manager: Manager) -> None:
    world.network.sysctls |= {"net/ipv4/ip_forward": "1", "net/ipv4/conf/all/accept_redirects": "0"}
    before = look(world)
    await make(manager, "lan", NAT)
    await delete(manager, "lan")
    assert look(world) == before


async def test_a_bridge_of_others_is_used_as_it_is(world: World, manager: Manager) -> None:
    world.network.interfaces["br0"] = Link("br0", 9, "bridge", up=True, addresses=("192.0.2.11/24",))
    world.network.interfaces["eth1"] = Link("eth1", 8, master="br0")
    before = look(world)
    assert [each.name for each in (await manager.networks.all())[1]] == ["br0"]
    await make(manager, "lan", 'mode = "bridge"\nbridge = "br0"')
    assert look(world) == before
    assert (await manager.networks.all())[1] == []
    assert (await delete(manager, "lan")).error is None
    assert look(world) == before


async def test_a_vlan_of_a_card_is_under_a_bridge(world: World, manager: Manager) -> None:
    before = look(world)
    await make(manager, "dmz", 'mode = "bridge"\ninterface = "eth0"\nvlan = 12')
    vlan = world.network.interfaces["eth0.12"]
    assert (vlan.parent, vlan.vlan, vlan.master, vlan.up) == ("eth0", 12, "dmz", True)
    assert world.network.sysctls["net/ipv6/conf/dmz/disable_ipv6"] == "1"
    assert (await delete(manager, "dmz")).error is None
    assert look(world) == before


async def test_a_definition_that_is_changed_changes_the_host(world: World, manager: Manager) -> None:
    await make(manager, "lan", NAT)
    _, text, _ = await manager.networks.show("lan")
    plan = await manager.networks.plan("lan", text.replace("10.20", "10.30"), ROOT)
    assert [f"{step.kind} {step.what}" for step in plan.steps] == [
        "remove address 10.20.0.1/24 on lan",
        "make address 10.30.0.1/24 on lan",
        "change rules of the packet filter",
        "change dnsmasq for DHCP and DNS on lan",
    ]
    assert (await put(manager, "lan", text.replace("10.20", "10.30"), etag_of(text))).error is None
    assert world.network.interfaces["lan"].addresses == ("fd00:20::1/64", "10.30.0.1/24")
    late = await put(manager, "lan", NAT, etag_of(text))
    assert late.error is not None
    assert "changed by somebody else" in late.error["detail"]


async def test_a_definition_edited_by_hand_waits_for_apply(world: World, manager: Manager) -> None:
    await make(manager, "lan", NAT)
    world.files["etc/xen/networks/lan.toml"] = (NAT + 'domain = "lab"').encode()
    assert await states(manager) == {"lan": NetworkState.CHANGED}
    plan = await manager.networks.plan("", None, ROOT)
    assert [step.what for step in plan.steps] == ["dnsmasq for DHCP and DNS on lan"]
    stale = await apply(manager, digest="0")
    assert stale.error is not None
    assert stale.error["kind"] == "conflict"
    assert (await apply(manager, digest=plan.digest)).error is None
    assert "domain=lab" in world.network.services["lan"]
    del world.files["etc/xen/networks/lan.toml"]
    assert await states(manager) == {"lan": NetworkState.GONE}
    assert (await apply(manager)).error is None
    assert await states(manager) == {}


async def test_a_definition_that_is_none_changes_nothing(world: World, manager: Manager) -> None:
    before = look(world)
    job = await put(manager, "lan", NAT + "vlan = 3")
    assert job.error is not None
    (complaint,) = job.error["complaints"]
    assert (complaint["file"], complaint["line"]) == ("/etc/xen/networks/lan.toml", 4)
    assert look(world) == before
    assert not any(path.startswith("etc/xen/networks") for path in world.files)
    with pytest.raises(GuestFileError):
        await manager.networks.plan("lan", "mode", ROOT)
    with pytest.raises(GuestFileError):
        await manager.networks.plan("../x", NAT, ROOT)
    with pytest.raises(XeniaError, match="there is no network"):
        await manager.networks.plan("../x", None, ROOT)


ANY = "0.0.0.0"  # noqa: S104
BRIDGE = Link("br0", 9, "bridge")


@pytest.mark.parametrize(
    ("links", "text", "said"),
    [
        ([], NAT.replace("10.20.0", "192.0.2"), "has the address 192.0.2.10/24 in it, which the host has on 'eth0'"),
        ([], NAT.replace("10.20.0.0/24", "10.99.0.0/16"), "overlaps 10.99.7.0/24, which the host reaches by 'eth0'"),
        ([Link("lan", 9)], NAT, "'lan' is a network interface, but not a bridge"),
        ([Link("lan", 9, "bridge")], NAT, "there is a bridge 'lan' already, which xend has not made"),
        ([BRIDGE], 'mode = "bridge"\nbridge = "br0"\ninterface = "eth0"', "there is a bridge 'br0' already"),
        ([], 'mode = "bridge"\ninterface = "eth1"', "there is no interface 'eth1' on this host"),
        ([], NAT + 'interface = "eth1"', "there is no interface 'eth1' on this host"),
        ([], 'mode = "bridge"\ninterface = "eth0"', "'eth0' has addresses of the host: 192.0.2.10/24"),
        ([], 'mode = "bridge"\ninterface = "lo"', "'lo' cannot be the interface of this network"),
        ([BRIDGE], 'mode = "bridge"\ninterface = "br0"', "'br0' cannot be the interface of this network"),
        ([BRIDGE, Link("e", 8, master="br0")], 'mode = "bridge"\ninterface = "e"', "'e' is a port of 'br0' already"),
        (
            [Link("eth0.5", 9, "vlan", parent="eth0", vlan=6)],
            'mode = "bridge"\ninterface = "eth0"\nvlan = 5',
            "there is an interface 'eth0.5' already, which is not VLAN 5",
        ),
        (
            [Link("eth0.5", 9, "vlan", parent="eth0", vlan=5, addresses=("10.0.0.1/24",))],
            'mode = "bridge"\ninterface = "eth0"\nvlan = 5',
            "'eth0.5' has addresses of the host: 10.0.0.1/24",
        ),
        ([], NAT + '[[forward]]\nport = 22\nto = "10.20.0.5"', "sshd (process 7) listens on tcp port 22"),
        ([], 'mode = "isolated"\nsubnet = "10.9.9.0/24"', None),
        ([], NAT + '[[forward]]\nport = 22\nto = "10.20.0.5"\naddress = "192.0.2.99"', "sshd (process 7) listens"),
        ([], NAT + '[[forward]]\nport = 25\nto = "10.20.0.5"', None),
        ([], NAT + '[[forward]]\nport = 22\nprotocol = "udp"\nto = "10.20.0.5"', None),
    ],
)
async def test_what_speaks_against_it_does_so_before_anything_changes(
    world: World, manager: Manager, links: list[Link], text: str, said: str | None
) -> None:
    host = world.network
    host.interfaces |= {link.name: link for link in links}
    host.routes.append(Route("10.99.7.0/24", "eth0"))
    host.listeners = [Listener("tcp", ANY, 22, "sshd (process 7)"), Listener("tcp", "127.0.0.1", 25)]
    before = look(world)
    plan = await manager.networks.plan("lan", text, ROOT)
    assert bool(plan.refused) is (said is not None)
    assert said is None or any(said in each.message for each in plan.refused)
    job = await put(manager, "lan", text)
    if said is None:
        assert job.error is None
        return
    assert job.error is not None
    assert said in job.error["detail"]
    assert job.error["kind"] in ("conflict", "not_found")
    assert look(world) == before
    assert "etc/xen/networks/lan.toml" not in world.files


async def test_a_foreign_dns_server_on_all_addresses_is_in_the_way(world: World, manager: Manager) -> None:
    world.network.listeners = [Listener("udp", ANY, 53, "dnsmasq (process 9)")]
    job = await put(manager, "lan", NAT)
    assert job.error is not None
    assert job.error["detail"] == "dnsmasq (process 9) answers DNS on all addresses of this host (port 53)"
    assert "bind-interfaces" in job.error["hint"]


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ('mode = "nat"\nsubnet = "10.20.0.128/25"', "10.20.0.128/25 overlaps 10.20.0.0/24 of the network 'lan'"),
        ('mode = "bridge"\nbridge = "lan"', "the bridge 'lan' is that of the network 'lan' already"),
        (
            'mode = "nat"\nsubnet = "10.21.0.0/24"\n[[forward]]\nport = "8000-8100"\nto = "10.21.0.5"',
            "tcp port 8000-8100 of the host is forwarded to the network 'lan' already",
        ),
    ],
)
async def test_networks_do_not_take_what_others_have(world: World, manager: Manager, second: str, said: str) -> None:
    await make(manager, "lan", NAT + FORWARD)
    job = await put(manager, "two", second)
    assert job.error is not None
    assert job.error["detail"] == said


async def test_a_step_that_fails_takes_those_before_it_back(world: World, manager: Manager) -> None:
    before = look(world)
    refused = ("add link", "set link", "add address", "set sysctl", "load rules", "start service")
    for wanted in refused:
        taken = world.network.step
        state = {"armed": True}

        async def step(name: str, wanted: str = wanted, state: dict[str, bool] = state) -> None:
            if name == wanted and state.pop("armed", False):
                raise XeniaError("no", kind=ErrorKind.UNAVAILABLE)

        world.network.step = step
        job = await put(manager, "lan", NAT)
        world.network.step = taken
        assert job.error is not None, wanted
        assert job.error["detail"] == "no"
        assert look(world) == before, wanted
        assert "etc/xen/networks/lan.toml" not in world.files


WEB = 'name = "web"\ntype = "pvh"\nkernel = "/boot/vmlinuz"\nvif = ["bridge=lan"]\n'


async def run_web(manager: Manager) -> None:
    job = await manager.wait(manager.create(CreateRequest(WEB, "/etc/xen/web.cfg"), ROOT).id, 10)
    assert job.error is None


async def test_a_network_with_guests_is_not_removed(world: World) -> None:
    world.read = read_really
    manager = world.boot()
    await manager.start()
    await make(manager, "lan", NAT)
    await run_web(manager)
    (row,), _ = await manager.networks.all()
    assert row.guests == ("web",)
    job = await delete(manager, "lan")
    assert job.error is not None
    assert job.error["detail"] == "the network 'lan' is in use: web runs on it"
    del world.files["etc/xen/networks/lan.toml"]
    job = await apply(manager)
    assert job.error is not None
    assert job.error["kind"] == "conflict"
    assert "lan" in world.network.interfaces
    await manager.close()


async def test_guests_are_kept_from_each_other_where_that_is_wanted(world: World) -> None:
    manager = world.boot()
    await manager.start()
    await make(manager, "lan", 'mode = "bridge"\ninterface = "eth0"\nvlan = 12\nisolate = true')
    await settle(lambda: world.network.news is not None)
    interfaces, news = world.network.interfaces, world.network.news
    assert news is not None
    interfaces["vif1.0"] = Link("vif1.0", 30, "tun", up=True, master="lan")
    news.set()
    await settle(lambda: interfaces["vif1.0"].isolated)
    assert not interfaces["eth0.12"].isolated
    _, text, _ = await manager.networks.show("lan")
    job = await put(manager, "lan", text.replace("true", "false"), etag_of(text))
    assert job.error is None
    assert not interfaces["vif1.0"].isolated
    await manager.close()


async def test_ports_of_others_keep_a_bridge(world: World, manager: Manager) -> None:
    await make(manager, "lan", NAT)
    world.network.interfaces["tap7"] = Link("tap7", 30, "tun", master="lan")
    job = await delete(manager, "lan")
    assert job.error is not None
    assert job.error["detail"] == "the network 'lan' is in use: tap7 are ports of its bridge lan"


async def test_dns_knows_the_names_of_guests(world: World) -> None:
    world.read = read_really
    manager = world.boot()
    await manager.start()
    await make(manager, "lan", NAT)
    await run_web(manager)
    await settle(lambda: world.network.names["lan"].endswith(",web\n"))
    await manager.wait(manager.renaming.rename("web", "shop", ROOT).id, 10)
    await settle(lambda: world.network.names["lan"].endswith(",shop\n"))
    await manager.close()


async def test_what_others_remove_comes_back(world: World) -> None:
    manager = world.boot()
    await manager.start()
    await make(manager, "lan", NAT)
    await settle(lambda: world.network.news is not None)
    host = world.network
    assert host.news is not None
    for break_it, whole in (
        (lambda: host.interfaces.pop("lan"), lambda: host.interfaces.get("lan")),
        (lambda: setattr(host, "rules", None), lambda: host.rules),
        (host.services.clear, lambda: host.services),
        (lambda: host.sysctls.update({"net/ipv4/ip_forward": "0"}), lambda: host.sysctls["net/ipv4/ip_forward"] == "1"),
        (lambda: host.interfaces.update(lan=replace(host.interfaces["lan"], addresses=())),
         lambda: len(host.interfaces["lan"].addresses) == 2),
    ):  # fmt: skip
        break_it()
        host.news.set()
        await settle(whole)
        await settle(lambda: "lan" in host.services)
    await manager.close()


async def test_a_new_xend_applies_what_is_defined(world: World, manager: Manager) -> None:
    await make(manager, "lan", NAT)
    await manager.close()
    made = look(world)
    world.files["etc/xen/networks/bad.toml"] = b"\xff mode"
    world.files["etc/xen/networks/taken.toml"] = b'mode = "nat"\nsubnet = "10.20.0.0/25"'
    world.files["etc/xen/networks/two.toml"] = b'mode = "bridge"'
    world.files["etc/xen/networks/README"] = b"not a network"
    again = world.boot()
    await again.start()
    rows, _ = await again.networks.all()
    assert {row.name: row.state.value for row in rows} == {
        "bad": "invalid",
        "lan": "up",
        "taken": "failed",
        "two": "up",
    }
    assert "overlaps" in next(row.problem for row in rows if row.name == "taken")
    assert "two" in world.network.interfaces
    assert world.network.interfaces["lan"] == made[0]["lan"]  # type: ignore[index]
    await again.close()


async def test_after_a_boot_of_the_host_all_is_made_anew(world: World, manager: Manager) -> None:
    await make(manager, "lan", NAT)
    await manager.close()
    fresh = World(files=world.files, boot_id="another")
    fresh.network.interfaces["lan"] = Link("lan", 5, "bridge")  # somebody else's, in this boot
    again = fresh.boot()
    await again.start()
    assert await states(again) == {"lan": NetworkState.FAILED}
    del fresh.network.interfaces["lan"]
    assert (await apply(again)).error is None
    assert await states(again) == {"lan": NetworkState.UP}
    await again.close()


async def test_only_administrators_change_networks(manager: Manager) -> None:
    networks = manager.networks
    for attempt in (
        lambda: networks.put("lan", NAT, None, OPERATOR),
        lambda: networks.delete("lan", OPERATOR),
        lambda: networks.apply("", "", OPERATOR),
    ):
        with pytest.raises(XeniaError) as caught:
            attempt()
        assert caught.value.kind is ErrorKind.DENIED
    with pytest.raises(XeniaError):
        await networks.plan("", None, OPERATOR)
    assert (await networks.all())[0] == []


async def test_a_name_that_is_none_is_not_found(manager: Manager) -> None:
    for name in ("nosuch", "../../passwd", ""):
        with pytest.raises(XeniaError) as caught:
            await manager.networks.show(name)
        assert caught.value.kind is ErrorKind.NOT_FOUND
    job = await delete(manager, "nosuch")
    assert job.error is not None
    assert job.error["kind"] == "not_found"


def cards_of(manager: Manager) -> CardNetworks:
    lifecycle = manager._parts.lifecycle
    guests = Guests(lifecycle.table, lifecycle.records, "xenbr0", lifecycle.engine.observe)
    return CardNetworks(manager.networks, guests)


async def test_a_card_on_a_network_gets_its_bridge(world: World, manager: Manager) -> None:
    await make(manager, "lan", NAT + 'bridge = "br7"')
    cards = cards_of(manager)
    for card in (await cards.look(Vif(network="lan"), "web"), await cards.ready(Vif(network="lan"), "web")):
        assert (card.network, card.bridge) == (None, "br7")
    assert await cards.ready(Vif(bridge="other"), "web") == Vif(bridge="other")
    assert await cards.ready(Vif(), "web") == Vif()
    del world.network.interfaces["br7"]
    await cards.ready(Vif(bridge="br7"), "web")
    assert "br7" in world.network.interfaces


async def test_a_card_on_a_network_that_is_not_up_is_refused(world: World, manager: Manager) -> None:
    cards = cards_of(manager)
    world.files["etc/xen/networks/new.toml"] = NAT.encode()
    for name, kind, said in (
        ("nosuch", ErrorKind.NOT_FOUND, "there is no network 'nosuch'"),
        ("new", ErrorKind.CONFLICT, "the network 'new' is not up"),
    ):
        with pytest.raises(XeniaError) as caught:
            await cards.ready(Vif(network=name), "web")
        assert (caught.value.kind, caught.value.message) == (kind, said)


async def test_the_script_for_nat_of_old_has_a_network_of_its_own(world: World, manager: Manager) -> None:
    cards = cards_of(manager)
    wish = Vif(script="/etc/xen/scripts/vif-nat")
    assert (await cards.look(wish, "web")).bridge is None
    assert "xennat0" not in world.network.interfaces
    assert (await cards.ready(wish, "web")).bridge == "xennat0"
    assert (await cards.ready(wish, "web")).bridge == "xennat0"
    assert (await cards.look(wish, "web")).bridge == "xennat0"
    assert world.network.interfaces["xennat0"].addresses[0] == "10.88.69.1/24"
    assert (await cards.ready(replace(wish, bridge="lan"), "web")).bridge == "lan"


async def test_cards_are_held_to_what_they_are_leased(world: World) -> None:
    world.read = read_really
    manager = world.boot()
    await manager.start()
    await make(manager, "lan", NAT)
    text = WEB.replace("[", "['network=lan, mac=00:16:3e:00:00:01', ").replace('"bridge=lan"', "'bridge=xenbr0'")
    job = await manager.wait(manager.create(CreateRequest(text), ROOT).id, 10)
    assert job.error is None
    held, elsewhere = world.rules
    own = ("10.20.0.1", "fd00:20::1", str(link_local_of(bridge_mac("lan"))))
    assert world.rules[held].known == KnownAddresses(reserved=own)
    mac, later = "00:16:3e:00:00:01", world.now + 10
    world.network.leased_by["lan"] = (
        Lease("10.20.0.7", mac, until=later),
        Lease("10.20.0.8", mac, until=world.now - 1),
        Lease("fd00:20::7", mac, until=later),
        Lease("10.20.0.9", "00:16:3e:00:00:02", until=later),
    )
    assert world.network.new_leases is not None
    world.network.new_leases.set()
    await settle(lambda: world.rules[held].known == KnownAddresses(("10.20.0.7",), own))
    assert world.rules[elsewhere].known == KnownAddresses()
    await manager.close()


async def test_what_the_host_has_of_a_network_that_is_edited_is_its_own_at_once(world: World) -> None:
    world.read = read_really
    manager = world.boot()
    await manager.start()
    await make(manager, "lan", 'mode = "isolated"')
    await run_web(manager)
    (port,) = world.rules
    assert world.rules[port].known == KnownAddresses()
    _, text, _ = await manager.networks.show("lan")
    job = await put(manager, "lan", NAT, etag_of(text))
    assert job.error is None
    await settle(lambda: "10.20.0.1" in world.rules[port].known.reserved)
    await manager.close()


async def test_a_card_for_nat_gets_the_address_of_its_guest_file(world: World) -> None:
    world.read = read_really
    manager = world.boot()
    await manager.start()
    cards = cards_of(manager)
    wish = Vif(script="vif-nat", mac="00:16:3e:00:00:01", ip=("10.88.69.7",))
    await cards.ready(wish, "web")
    text = WEB.replace("[", "['script=vif-nat, ip=10.88.69.7, mac=00:16:3e:00:00:01', ")
    assert (await manager.wait(manager.create(CreateRequest(text), ROOT).id, 10)).error is None
    await cards.ready(wish, "web")
    assert "00:16:3e:00:00:01,10.88.69.7,web\n" in world.network.names["xennat0"]
    for ip, said in (
        ("10.88.69.7", "ip=10.88.69.7 is that of a card of 'web'"),
        ("10.88.69.1", "ip=10.88.69.1 is that of the host on the network 'xennat0'"),
        ("10.20.0.7", "ip=10.20.0.7 is no address of the network 'xennat0' (10.88.69.0/24 or fd58:656e:6961::/64)"),
    ):
        with pytest.raises(XeniaError) as caught:
            await cards.look(replace(wish, ip=(ip,)), "mail")
        assert said in caught.value.message
    await manager.close()


async def test_a_card_is_routed_by_its_script(world: World) -> None:
    world.read = read_really
    manager = world.boot()
    await manager.start()
    before = look(world)
    text = "name='web'; kernel='/k'; memory=64; vif=['script=vif-route, ip=192.0.2.77, bridge=lan, gatewaydev=eth0']"
    assert (await manager.wait(manager.create(CreateRequest(text), ROOT).id, 10)).error is None
    (end,) = world.routed_ends()
    assert Route("192.0.2.77/32", end) in world.network.routes
    assert ("eth0", "192.0.2.77") in world.network.proxied
    assert world.network.sysctls["net/ipv4/ip_forward"] == "1"
    assert manager.networks.bridge_of(Vif(script="vif-route", bridge="lan")) is None
    cards = cards_of(manager)
    with pytest.raises(XeniaError) as caught:
        await cards.look(Vif(script="vif-route", ip=("192.0.2.77",)), "mail")
    assert caught.value.message == "ip=192.0.2.77 is that of a card of 'web'"
    await cards.look(Vif(script="vif-route", ip=("192.0.2.77",)), "web")
    await manager.wait(manager.operate("destroy", "web", ROOT).id, 10)
    assert world.network.news is not None
    world.network.news.set()
    await settle(lambda: not world.network.proxied and look(world) == before)
    await manager.close()


async def test_a_network_on_open_vswitch_uses_its_bridge(world: World, manager: Manager) -> None:
    blue = 'mode = "bridge"\nbridge = "ovsbr0"\nopenvswitch = true\nvlan = 12\n'
    job = await put(manager, "blue", blue)
    assert job.error is not None
    assert "Open vSwitch has no bridge 'ovsbr0'" in str(job.error)
    world.network.interfaces["ovsbr0"] = Link("ovsbr0", 9, SWITCH, up=True)
    before = look(world)
    await make(manager, "blue", blue)
    await make(manager, "red", blue.replace("12", "13"))
    assert look(world) == before
    cards = cards_of(manager)
    card = await cards.ready(Vif(network="blue"), "web")
    assert (card.bridge, card.vlan) == ("ovsbr0", "12")
    assert (await cards.ready(Vif(network="red", vlan="20"), "web")).vlan == "20"
    job = await put(manager, "plain", 'mode = "bridge"\nbridge = "ovsbr0"\n')
    assert "is that of the network" in str(job.error)
    for name in ("blue", "red"):
        assert (await delete(manager, name)).error is None
    job = await put(manager, "plain", 'mode = "bridge"\nbridge = "ovsbr0"\n')
    assert "'ovsbr0' is a bridge of Open vSwitch" in str(job.error)
    assert [each.name for each in (await manager.networks.all())[1]] == ["ovsbr0"]
    assert look(world) == before


async def test_a_card_in_a_vlan_is_not_plugged_into_a_bridge_that_is_made_anew(world: World) -> None:
    world.read = read_really
    manager = world.boot()
    await manager.start()
    await make(manager, "lan", 'mode = "bridge"')
    text = "name='web'; kernel='/k'; memory=64; vif=['bridge=lan', 'bridge=lan, vlan=12']"
    assert (await manager.wait(manager.create(CreateRequest(text), ROOT).id, 10)).error is None
    (network,) = manager.networks._converge.applied.networks
    assert [end for end in cards_of(manager).guests.ports(network) if not end.endswith("-emu")] == ["vif1.0"]
    await manager.close()


async def test_of_ipv6_the_host_answers_for_the_addresses_that_it_knows(world: World) -> None:
    world.read = read_really
    manager = world.boot()
    await manager.start()
    before = look(world)
    await make(manager, "dmz", 'mode = "routed"\ninterface = "eth0"\nproxy = true\nsubnet6 = "2001:db8:5::/120"')
    assert world.network.proxied == set()
    text = "name='web'; kernel='/k'; memory=64; vif=['network=dmz, ip=2001:db8:5::7']"
    assert (await manager.wait(manager.create(CreateRequest(text), ROOT).id, 10)).error is None
    assert world.network.proxied == {("eth0", "2001:db8:5::7")}
    world.network.leased_by["dmz"] = (Lease("2001:db8:5::9", "", until=world.now + 10),)
    assert world.network.new_leases is not None
    world.network.new_leases.set()
    await settle(lambda: ("eth0", "2001:db8:5::9") in world.network.proxied)
    await manager.wait(manager.operate("destroy", "web", ROOT).id, 10)
    assert (await delete(manager, "dmz")).error is None
    assert (look(world), world.network.proxied) == (before, set())
    await manager.close()
