from __future__ import annotations

import subprocess
from collections.abc import Callable

from xenia.model.network import Network
from xenia.network.definition import read_network
from xenia.network.nft import Nft
from xenia.network.rules import FAMILY, commands_for, read_rules, rules_for

Ip = Callable[..., str]

LAN = 'mode = "nat"\nsubnet = "10.20.0.0/24"\nsubnet6 = "fd00::/64"\ninterface = "eth0"\nisolate = true\n'
FORWARDS = (
    '[[forward]]\nport = 8080\nto = "10.20.0.5:80"\n[[forward]]\nport = "500-510"\nprotocol = "udp"\nto = "fd00::5"\n'
    '[[forward]]\nport = 25\nto = "10.20.0.5"\naddress = "192.0.2.1"\n'
)


def networks() -> list[Network]:
    return [
        read_network("lan", LAN + FORWARDS, "f"),
        read_network("lab", 'mode = "isolated"\nsubnet = "10.21.0.0/24"', "f"),
        read_network("dmz", 'mode = "routed"\nsubnet = "10.22.0.0/24"', "f"),
        read_network("lan2", 'mode = "bridge"', "f"),
    ]


def shown() -> str:
    return subprocess.run(["nft", "list", "table", "inet", "xenia"], check=True, capture_output=True, text=True).stdout


async def test_the_kernel_takes_them_and_they_are_known_again(ip: Ip) -> None:
    nft = Nft()
    for _ in range(2):
        await nft.apply(commands_for(networks()))
        assert read_rules(await nft.table(FAMILY)) == rules_for(networks())
    text = shown()
    for rule in (
        'iifname "lan" oifname != "eth0" reject',
        'iifname "lan" ip saddr 10.20.0.0/24 accept',
        'oifname "lan" ct status dnat accept',
        'ip saddr 10.20.0.0/24 ip daddr != 10.20.0.0/24 oifname != "lan" masquerade',
        "tcp dport 8080 dnat ip to 10.20.0.5:80",
        "udp dport 500-510 dnat ip6 to fd00::5",
        "ip daddr 192.0.2.1 tcp dport 25 dnat ip to 10.20.0.5:25",
        'iifname "lab" udp dport { 53, 67, 547 } accept',
        'iifname "lab" reject',
    ):
        assert rule in text, rule
    assert '"dmz" reject' not in text
    assert "lan2" not in text


async def test_a_rule_that_somebody_took_out_is_missed(ip: Ip) -> None:
    nft = Nft()
    await nft.apply(commands_for(networks()))
    flush_input()
    assert read_rules(await nft.table(FAMILY)) != rules_for(networks())


def flush_input() -> None:
    subprocess.run(["nft", "flush", "chain", "inet", "xenia", "input"], check=True)


def test_networks_without_rules_need_no_table() -> None:
    assert rules_for([]) is None
    assert rules_for(networks()[3:]) is None
    assert read_rules(None) is None
