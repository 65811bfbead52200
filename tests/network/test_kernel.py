"""The real host, in a network namespace: what the tests of networks in memory take for granted."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from xenia.model.errors import ErrorKind, XeniaError
from xenia.network.definition import read_network
from xenia.network.dnsmasq import Dnsmasq
from xenia.network.kernel import KernelHost
from xenia.network.nft import Nft
from xenia.network.rules import commands_for, rules_for

Ip = Callable[..., str]


@pytest.fixture
def host(ip: Ip, tmp_path: Path) -> KernelHost:
    return KernelHost(Dnsmasq(tmp_path / "run", tmp_path / "state"), Nft(), privileged=True)


async def test_a_bridge_with_addresses_and_a_port(ip: Ip, host: KernelHost) -> None:
    ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
    await host.add_bridge("lan")
    await host.set_link("lan", up=True, mtu=1400)
    for _ in range(2):
        await host.add_address("lan", "10.20.0.1/24")
        await host.add_address("lan", "fd00:20::1/64")
    await host.set_link("v0", master="lan", up=True)
    await host.isolate("v0", isolated=True)
    links = await host.links()
    lan, port = links["lan"], links["v0"]
    assert (lan.kind, lan.up, lan.mtu, set(lan.addresses)) == ("bridge", True, 1400, {"10.20.0.1/24", "fd00:20::1/64"})
    assert (port.kind, port.master, port.isolated, links["v1"].isolated) == ("veth", "lan", True, False)
    (told,) = json.loads(ip("-j", "addr", "show", "lan"))
    assert told["address"].startswith("02:")
    assert next(each for each in told["addr_info"] if each["family"] == "inet")["broadcast"] == "10.20.0.255"
    seen = await host.see([53])
    assert {(route.network, route.interface) for route in seen.routes} >= {("10.20.0.0/24", "lan")}
    assert seen.accept_ra["lan"] == "1"
    await host.set_link("v0", master="")
    for _ in range(2):
        await host.remove_address("lan", "10.20.0.1/24")
        await host.remove_link("lan")
    assert "lan" not in await host.links()


async def test_what_the_host_refuses_is_told(host: KernelHost) -> None:
    await host.add_bridge("lan")
    with pytest.raises(XeniaError) as caught:
        await host.add_bridge("lan")
    assert caught.value.kind is ErrorKind.CONFLICT
    assert caught.value.message == "cannot make the bridge 'lan': there is one already"
    with pytest.raises(XeniaError) as caught:
        await host.set_link("nosuch", up=True)
    assert "cannot set up the interface 'nosuch'" in caught.value.message
    with pytest.raises(XeniaError) as caught:
        await host.set_sysctl("net/ipv4/nosuch", "1")
    assert "net.ipv4.nosuch" in caught.value.message


async def test_a_dnsmasq_that_does_not_start_says_why(host: KernelHost) -> None:
    with pytest.raises(XeniaError) as caught:
        await host.start_service("lan", "dhcp-range=bogus\n")
    assert caught.value.kind is ErrorKind.ENGINE_FAILED
    assert caught.value.message.startswith("dnsmasq for the network 'lan' does not start: bad dhcp-range at line 1")
    await host.stop_service("lan")
    await host.forget_service("lan")


async def test_an_ordinary_user_makes_no_networks(tmp_path: Path) -> None:
    dnsmasq = Dnsmasq(tmp_path, tmp_path, binary="nosuch")
    with pytest.raises(XeniaError) as caught:
        KernelHost(dnsmasq, Nft(), privileged=False).refuse()
    assert caught.value.kind is ErrorKind.DENIED
    for nft, hint in (("nft", "apt-get install dnsmasq-base"), ("nosuch", "apt-get install nftables")):
        with pytest.raises(XeniaError) as caught:
            KernelHost(dnsmasq, Nft(nft), privileged=True).refuse()
        assert caught.value.hint == hint


def nft(*words: str) -> str:
    return subprocess.run(["nft", *words], check=True, capture_output=True, text=True).stdout


async def test_a_rule_of_networks_that_was_replaced_is_seen(ip: Ip, host: KernelHost) -> None:
    networks = [read_network("lan", 'mode = "nat"\nsubnet = "10.20.0.0/24"\n', "lan.toml")]
    wanted = rules_for(networks)
    for _ in range(2):
        await host.load_rules(commands_for(networks))
        assert (await host.see()).rules == (await host.see()).rules == wanted
        found = re.search(r"masquerade # handle (\d+)", nft("-a", "list", "ruleset"))
        assert found is not None
        nft(f"replace rule inet xenia postrouting handle {found[1]} accept")
        changed = (await host.see()).rules
        assert changed is not None
        assert changed != wanted
        assert changed.count == (wanted.count if wanted else 0)
