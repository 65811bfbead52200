"""With a program in the place of ovs-vsctl; the real one is asked in tests/live/test_debian_network.py."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.vif import Vif
from xenia.model.vlan import Vlans
from xenia.network import openvswitch
from xenia.network.attach import BackendNetwork, TapNetwork
from xenia.network.bridge import bridges, find, put_in_vlans
from xenia.network.openvswitch import forget_ports, switches

Ip = Callable[..., str]
_run = subprocess.run


class Switch:
    """Open vSwitch, with a bridge ovsbr0 and one that another network namespace has. `refusal` is what it says to all
    that changes something.
    """

    refusal = ""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def run(self, words: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        if words[0] == "ip":
            return _run(words, **options)
        assert words[:2] == ["ovs-vsctl", "--timeout=5"]
        asked = " ".join(words[2:])
        if asked == "list-br":
            return subprocess.CompletedProcess(words, 0, "ovsbr0\nelsewhere\n", "")
        self.asked.append(asked)
        return subprocess.CompletedProcess(words, int(bool(self.refusal)), "", self.refusal)


@pytest.fixture
def switch(ip: Ip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Switch:
    ip("tuntap", "add", "ovsbr0", "mode", "tap")
    database = tmp_path / "db.sock"
    database.touch()
    switch = Switch()
    monkeypatch.setattr(openvswitch, "_DATABASE", database)
    monkeypatch.setattr(subprocess, "run", switch.run)
    return switch


def test_its_bridges_are_bridges_of_this_host(switch: Switch) -> None:
    assert bridges() == ["ovsbr0"]


def test_a_card_becomes_a_port_of_it(switch: Switch) -> None:
    network = TapNetwork()
    card = network.attach(Vif(bridge="ovsbr0", script="vif-openvswitch"), 7, 0, "00:16:3e:00:00:01", privileged=True)
    network.detach(card)
    assert (card.ifname, card.bridge, card.notes) == ("vif7.0", "ovsbr0", ())
    assert switch.asked == [
        "--if-exists del-port vif7.0 -- add-port ovsbr0 vif7.0 -- set port vif7.0 other_config:transient=true"
    ]


def test_what_it_says_is_told_and_the_tap_is_gone(switch: Switch) -> None:
    switch.refusal = "ovs-vsctl: cannot create a port named vif7.0\n"
    with pytest.raises(
        XeniaError, match=r"a port of the bridge 'ovsbr0': cannot create a port named vif7\.0$"
    ) as caught:
        TapNetwork().attach(Vif(bridge="ovsbr0"), 7, 0, "00:16:3e:00:00:01", privileged=True)
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert not Path("/proc/self/net/dev").read_text().count("vif7.0")


def test_another_bridge_is_refused_with_those_that_are_there(switch: Switch) -> None:
    with pytest.raises(XeniaError) as caught:
        TapNetwork().attach(Vif(bridge="elsewhere"), 7, 0, "00:16:3e:00:00:01", privileged=True)
    assert "bridges here: ovsbr0" in (caught.value.hint or "")


def test_only_ports_that_are_gone_are_forgotten(switch: Switch) -> None:
    forget_ports(["lo"])
    assert switch.asked == []
    forget_ports(["vif7.0", "lo", "vif7.1"])
    assert switch.asked == ["--no-wait -- --if-exists del-port vif7.0 -- --if-exists del-port vif7.1"]


def test_a_host_without_it_has_none(ip: Ip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvswitch, "_DATABASE", tmp_path / "db.sock")
    assert switches() == []
    forget_ports(["vif7.0"])


@pytest.mark.parametrize(
    ("vif", "words"),
    [
        (Vif(bridge="ovsbr0.10"), "tag=10 vlan_mode=access"),
        (Vif(bridge="ovsbr0", vlan="10p/20/30"), "tag=10 trunks=20,30 vlan_mode=native-untagged"),
        (Vif(bridge="ovsbr0:20-22"), "trunks=20,21,22 vlan_mode=trunk"),
    ],
)
def test_a_card_is_in_the_vlans_that_it_names(switch: Switch, vif: Vif, words: str) -> None:
    network = TapNetwork()
    card = network.attach(vif, 7, 0, "00:16:3e:00:00:01", privileged=True)
    network.detach(card)
    assert (card.bridge, card.vlans is not None) == ("ovsbr0", True)
    assert switch.asked[0].endswith(f"other_config:transient=true {words}")


def test_an_engine_that_makes_interfaces_is_told_of_bridge_and_vlans(switch: Switch) -> None:
    card = BackendNetwork("ovsbr0.10").attach(Vif(), 7, 0, "00:16:3e:00:00:01", privileged=True)
    assert (card.bridge, card.vlans) == ("ovsbr0", Vlans(10))
    put_in_vlans("ovsbr0", "vif7.0", Vlans(10, (20,)))
    assert switch.asked == ["set port vif7.0 tag=10 trunks=20 vlan_mode=native-untagged"]


@pytest.mark.parametrize(
    ("vif", "said"),
    [
        (Vif(bridge="ovsbr0.10", vlan="20"), "VLANs are named by bridge=ovsbr0.10 and by vlan=20"),
        (Vif(bridge="ovsbr0", vlan="10p/20u"), "sends one VLAN without a tag"),
        (Vif(bridge="ovsbr0.9999"), "there is no bridge 'ovsbr0.9999'"),
        (Vif(bridge="lan", vlan="10"), "the bridge 'lan' does not keep VLANs apart"),
    ],
)
def test_vlans_that_cannot_be_are_refused(switch: Switch, ip: Ip, vif: Vif, said: str) -> None:
    ip("link", "add", "lan", "type", "bridge")
    with pytest.raises(XeniaError, match=said):
        TapNetwork().check(vif, privileged=True)


def test_a_bridge_of_the_kernel_may_be_called_so(switch: Switch, ip: Ip) -> None:
    ip("link", "add", "ovsbr0.10", "type", "bridge")
    assert find("ovsbr0.10", None) == ("ovsbr0.10", None)
