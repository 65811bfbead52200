"""What runs in a Debian guest as root, whose kernel has what that of a test machine may lack: VLANs, bridges that track
connections, and Open vSwitch. Ends with 0 when all of it is as it should be.
"""

from __future__ import annotations

import asyncio
import json
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import read, write
from pathlib import Path

from tests.support.frames import IPV4, ether, ipv4, udp

from xenia.lib.files import DiskFiles
from xenia.manager.networks.converge import Converge
from xenia.model.errors import XeniaError
from xenia.model.vif import Vif
from xenia.network.attach import AttachedVif, TapNetwork
from xenia.network.bridge import bridges
from xenia.network.definition import read_network
from xenia.network.dnsmasq import Dnsmasq
from xenia.network.filter import NftFilter
from xenia.network.host import SWITCH
from xenia.network.kernel import KernelHost
from xenia.network.nft import Nft
from xenia.network.openvswitch import forget_ports
from xenia.network.port import Port
from xenia.store.networks import Applied, NetworkStore

ROOT = Path("/tmp/root")
HEADER = bytes(10)
MACS = ("00:16:3e:00:00:01", "00:16:3e:00:00:02")
STRANGER = "00:16:3e:00:00:03"
VLAN = 'mode = "bridge"\ninterface = "trunk"\nvlan = 12\n'
BLUE = 'mode = "bridge"\nbridge = "ovsbr0"\nopenvswitch = true\nvlan = 12\n'
PLAIN = 'mode = "bridge"\nbridge = "ovsbr0"\n'
FIREWALL = """
table bridge other {
  chain forward {
    type filter hook forward priority 0; policy drop
    ct state established counter accept
    ct state new udp dport 7 counter accept
  }
}
"""


def run(words: str, content: str = "") -> str:
    return subprocess.run(words.split(), check=True, capture_output=True, text=True, input=content).stdout


@contextmanager
def refused(words: str) -> Iterator[None]:
    message = ""
    try:
        yield
    except XeniaError as error:
        message = error.message
    assert words in message, message


def answers(address: str) -> bool:
    return not subprocess.run(["ping", "-q", "-c", "1", "-W", "2", address], check=False).returncode


async def vlan() -> None:
    """A network over VLAN 12 of a card: who is at the other end has to tag, and what was made goes again."""
    run("ip netns add world")
    run("ip link add trunk type veth peer name far netns world")
    run("ip link set trunk up")
    for words in (
        *("link set far up", "link add link far name far.12 type vlan id 12", "link set far.12 up"),
        *("addr add 10.12.0.2/24 dev far.12", "addr add 10.12.0.3/24 dev far"),
        "link add link far name far.13 type vlan id 13",
        "link set far.13 up",
    ):
        run(f"ip -n world {words}")
    host = KernelHost(Dnsmasq(ROOT, ROOT), Nft(), privileged=True)
    converge = Converge(host, NetworkStore(DiskFiles(ROOT), "boot"), Applied())
    await converge.to([read_network("lan", VLAN, "lan.toml")])
    assert (await host.links())["trunk.12"].master == "lan"
    run("ip addr add 10.12.0.1/24 dev lan")
    run("ip netns exec world sysctl -q net.ipv4.conf.all.arp_ignore=1")
    assert answers("10.12.0.2"), "the VLAN is not reached"
    assert not answers("10.12.0.3"), "what is outside of the VLAN is reached"
    await converge.to([])
    assert not {"lan", "trunk.12"} & (await host.links()).keys()


async def filtering() -> None:
    """A bridge of the kernel's that keeps VLANs apart: a card is in the VLAN that it names, and in no other."""
    run("ip link add br9 type bridge")
    run("ip link set br9 up")
    network = TapNetwork()
    with refused("does not keep VLANs apart"):
        network.attach(Vif(bridge="br9", vlan="12"), 7, 0, MACS[0], privileged=True)
    run("ip link set br9 type bridge vlan_filtering 1")
    card = network.attach(Vif(bridge="br9", vlan="12p/20-22/30u"), 7, 0, MACS[0], privileged=True)
    (port,) = json.loads(run("bridge -j vlan show dev vif7.0"))
    told = {number: each.get("flags", []) for each in port["vlans"] for number in numbers(each)}
    bare = ["Egress Untagged"]
    assert told == {12: ["PVID", *bare], 20: [], 21: [], 22: [], 30: bare}, told
    network.detach(card)
    await heard_in("br9", Vif(bridge="br9", vlan="12"), Vif(bridge="br9", vlan="12"), Vif(bridge="br9", vlan="13"))


def numbers(told: dict[str, int]) -> range:
    return range(told["vlan"], told.get("vlanEnd", told["vlan"]) + 1)


async def heard_in(bridge: str, *vifs: Vif) -> None:
    """The first card is heard by the second, and not by the third, whose VLAN is another."""
    network = TapNetwork()
    macs = [f"00:16:3e:00:01:0{number}" for number in range(len(vifs))]
    cards = [network.attach(vif, 8, number, macs[number], privileged=True) for number, vif in enumerate(vifs)]
    one, two, three = cards
    send(one, packet(one.mac, "ff:ff:ff:ff:ff:ff", 1, 2, 1000, 7, b"honest"))
    assert heard(two, b"honest"), "who is in the same VLAN hears nothing"
    assert three.tap is not None
    while select.select([three.tap], [], [], 0.5)[0]:
        assert b"honest" not in read(three.tap, 2048), "who is in another VLAN hears it"
    for card in cards:
        network.detach(card)
    await asyncio.to_thread(until, lambda: not Path("/sys/class/net/vif8.2").exists(), "the taps are gone")
    forget_ports([f"vif8.{number}" for number in range(3)])
    assert not ports(bridge)


async def guarded(bridge: str, check: Callable[[], None]) -> None:
    """Two guarded cards on the bridge: they hear each other, but not what one of them sends under a wrong address."""
    network, keeper = TapNetwork(), NftFilter(Nft())
    await keeper.restore([])
    cards = [network.attach(Vif(bridge=bridge), 7, number, mac, privileged=True) for number, mac in enumerate(MACS)]
    await keeper.guard([Port(card.ifname, card.mac, card.vif) for card in cards])
    assert not keeper.problem, keeper.problem
    check()
    one, two = cards
    send(one, packet(STRANGER, MACS[1], 1, 2, 1000, 7, b"spoofed"))
    send(one, packet(*MACS, 1, 2, 1000, 7, b"honest"))
    assert heard(two, b"honest"), "what a guest sends does not arrive"
    send(two, packet(*reversed(MACS), 2, 1, 7, 1000, b"answer"))
    assert heard(one, b"answer"), "what a guest answers does not arrive"
    for card in cards:
        network.detach(card)
    until(lambda: not Path("/sys/class/net/vif7.1").exists(), "the taps are gone")
    keeper.sweep()
    await asyncio.to_thread(until, lambda: not ports(bridge), "it has no ports any more")
    await keeper.close()


def packet(source: str, target: str, sender: int, receiver: int, port: int, to: int, text: bytes) -> bytes:
    content = ipv4(f"10.9.0.{sender}", f"10.9.0.{receiver}", 17, udp(port, to, text))
    return ether(source, target, IPV4, content)


def send(card: AttachedVif, frame: bytes) -> None:
    assert card.tap is not None
    write(card.tap, HEADER + frame)


def heard(card: AttachedVif, text: bytes) -> bool:
    assert card.tap is not None
    while select.select([card.tap], [], [], 10)[0]:
        frame = read(card.tap, 2048)
        assert b"spoofed" not in frame, "what was sent under a wrong address has arrived"
        if text in frame:
            return True
    return False


def ports(bridge: str) -> list[str]:
    """As independent tools tell it."""
    if bridge == "ovsbr0":
        return run(f"ovs-vsctl list-ports {bridge}").split()
    return run(f"ip -br link show master {bridge}").split()


def until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.02)


async def tracked() -> None:
    """A bridge of the kernel's, on which somebody else's rules follow connections."""
    run("ip link add br0 type bridge")
    run("ip link set br0 up")
    run("nft -f -", FIREWALL)
    await guarded("br0", lambda: None)
    counted = [line for line in run("nft list table bridge other").splitlines() if "packets 1 " in line]
    assert len(counted) == 2, counted


async def switch() -> None:
    """A bridge of Open vSwitch."""
    run("ovs-vsctl add-br ovsbr0")
    run("ip link set ovsbr0 up")
    assert bridges() == ["br0", "br9", "ovsbr0"]

    def check() -> None:
        assert ports("ovsbr0") == ["vif7.0", "vif7.1"]
        assert run("ovs-vsctl get port vif7.0 other_config:transient").strip() == '"true"'

    await guarded("ovsbr0", check)
    await guarded("ovsbr0", check)
    assert bridges() == ["br0", "br9", "ovsbr0"]
    await heard_in("ovsbr0", Vif(bridge="ovsbr0.10"), Vif(bridge="ovsbr0", vlan="10"), Vif(bridge="ovsbr0.11"))
    network = TapNetwork("ovsbr0.12:20:30-31")
    card = network.attach(Vif(), 7, 0, MACS[0], privileged=True)
    told = [run(f"ovs-vsctl get port vif7.0 {column}").strip() for column in ("tag", "trunks", "vlan_mode")]
    assert told == ["12", "[20, 30, 31]", "native-untagged"], told
    network.detach(card)
    await asyncio.to_thread(until, lambda: not Path("/sys/class/net/vif7.0").exists(), "the tap is gone")
    forget_ports(["vif7.0"])


async def network_on_a_switch() -> None:
    """A network on a bridge of Open vSwitch, which is not changed by that."""
    before = run("ovs-vsctl list bridge ovsbr0"), run("ip -d link show ovsbr0")
    host = KernelHost(Dnsmasq(ROOT, ROOT), Nft(), privileged=True)
    converge = Converge(host, NetworkStore(DiskFiles(ROOT), "boot"), Applied())
    blue = read_network("blue", BLUE, "blue.toml")
    assert await converge.to([blue]) == []
    assert (await host.links())["ovsbr0"].kind == SWITCH
    for text, said in ((BLUE.replace("ovsbr0", "br0"), "no bridge 'br0'"), (PLAIN, "is a bridge of Open vSwitch")):
        with refused(said):
            await converge.to([read_network("other", text, "other.toml")])
    await converge.to([])
    assert (run("ovs-vsctl list bridge ovsbr0"), run("ip -d link show ovsbr0")) == before


async def main() -> None:
    for what in (vlan, filtering, tracked, switch, network_on_a_switch):
        begun = time.monotonic()
        await what()
        print(what.__name__, f"{time.monotonic() - begun:.1f} s", flush=True)


asyncio.run(main())
