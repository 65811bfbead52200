from __future__ import annotations

import json
import os
import select
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from xenia.model.errors import ErrorKind, XeniaError, unavailable
from xenia.model.vif import Vif
from xenia.model.vlan import Vlans
from xenia.network.attach import AttachedVif, TapNetwork
from xenia.network.bridge import bridges
from xenia.network.tap import PORT_MAC

Ip = Callable[..., str]

MACS = [f"00:16:3e:00:00:{number:02x}" for number in range(8)]
VIRTIO_HEADER = bytes(10)


@pytest.fixture
def network() -> TapNetwork:
    return TapNetwork()


@pytest.fixture
def attach(network: TapNetwork) -> Iterator[Callable[..., list[AttachedVif]]]:
    """Attaches cards as domain 7 and detaches them at the end."""
    with ExitStack() as opened:

        def call(*vifs: Vif, privileged: bool = True) -> list[AttachedVif]:
            cards = []
            for number, vif in enumerate(vifs):
                cards.append(network.attach(vif, 7, number, MACS[number], privileged=privileged))
                opened.callback(network.detach, cards[-1])
            return cards

        yield call


Attach = Callable[..., list[AttachedVif]]


def links(ip: Ip) -> dict[str, dict[str, Any]]:
    return {link["ifname"]: link for link in json.loads(ip("-j", "-d", "link", "show"))}


def refused(attach: Attach, *vifs: Vif) -> XeniaError:
    with pytest.raises(XeniaError) as caught:
        attach(*vifs)
    return caught.value


def test_a_card_becomes_a_port_of_its_bridge(ip: Ip, attach: Attach) -> None:
    ip("link", "add", "name", "lan", "mtu", "1400", "type", "bridge")
    (card,) = attach(Vif(bridge="lan"))
    assert (card.ifname, card.bridge, card.mac, card.notes) == ("vif7.0", "lan", MACS[0], ())
    link = links(ip)["vif7.0"]
    assert (link["master"], link["address"], link["mtu"]) == ("lan", PORT_MAC, 1400)
    assert "UP" in link["flags"]
    assert link["linkinfo"]["info_data"]["type"] == "tap"
    assert link["linkinfo"]["info_data"]["persist"] is False
    disabled = Path("/proc/sys/net/ipv6/conf/vif7.0/disable_ipv6")
    assert not disabled.exists() or disabled.read_text().strip() == "1"


def test_two_guests_on_one_bridge_hear_each_other(ip: Ip, attach: Attach) -> None:
    ip("link", "add", "name", "xenbr0", "up", "type", "bridge")
    one, two = attach(Vif(), Vif())
    assert one.tap is not None
    assert two.tap is not None
    frame = b"\xff" * 6 + bytes.fromhex("00163e000000") + b"\x88\xb5" + b"hello from the other guest".ljust(50)
    os.write(one.tap, VIRTIO_HEADER + frame)
    heard = b""
    while frame not in heard:
        assert select.select([two.tap], [], [], 5)[0], "the frame did not arrive"
        heard = os.read(two.tap, 2000)


def test_the_device_is_gone_with_its_last_descriptor(ip: Ip, network: TapNetwork) -> None:
    ip("link", "add", "name", "xenbr0", "type", "bridge")
    card = network.attach(Vif(), 3, 0, MACS[0], privileged=True)
    assert card.tap is not None
    inherited = os.dup(card.tap)
    network.detach(card)
    assert "vif3.0" in links(ip)
    os.close(inherited)
    assert "vif3.0" not in links(ip)


def test_a_card_is_called_as_the_guest_file_wishes(ip: Ip, attach: Attach) -> None:
    ip("link", "add", "name", "xenbr0", "type", "bridge")
    assert [card.ifname for card in attach(Vif(), Vif(vifname="mail0"))] == ["vif7.0", "mail0"]
    assert links(ip)["mail0"]["master"] == "xenbr0"


def test_without_a_bridge_a_card_gets_user_mode_networking_and_says_so(ip: Ip, attach: Attach) -> None:
    (card,) = attach(Vif())
    assert (card.tap, card.ifname, card.bridge) == (None, "user", None)
    assert "no bridge xenbr0" in card.notes[0]


def test_without_privileges_all_cards_get_user_mode_networking(attach: Attach) -> None:
    one, two = attach(Vif(), Vif(bridge="lan"), privileged=False)
    assert (one.tap, two.tap) == (None, None)
    assert "bridge lan needs root" in two.notes[0]


def test_a_bridge_that_is_not_there_is_said_with_those_that_are(ip: Ip, attach: Attach) -> None:
    ip("link", "add", "name", "lan", "type", "bridge")
    error = refused(attach, Vif(bridge="wan"))
    assert error.kind is ErrorKind.NOT_FOUND
    assert error.message == "there is no bridge 'wan'"
    assert error.hint is not None
    assert "bridges here: lan" in error.hint
    assert "ip link add wan type bridge" in error.hint


def test_an_interface_that_is_no_bridge_is_said_to_be_none(ip: Ip, attach: Attach) -> None:
    error = refused(attach, Vif(bridge="lo"))
    assert (error.kind, "not a bridge" in error.message) == (ErrorKind.CONFLICT, True)


def test_a_failure_leaves_nothing(ip: Ip, attach: Attach, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str, bridge: str, _vlans: Vlans | None) -> None:
        assert name in links(ip)
        raise unavailable(f"cannot make '{name}' a port of '{bridge}'")

    ip("link", "add", "name", "xenbr0", "type", "bridge")
    monkeypatch.setattr("xenia.network.attach.plug", fail)
    refused(attach, Vif())
    assert set(links(ip)) == {"lo", "xenbr0"}


def test_a_taken_name_is_a_conflict(ip: Ip, attach: Attach) -> None:
    ip("link", "add", "name", "xenbr0", "type", "bridge")
    error = refused(attach, Vif(vifname="lo"))
    assert (error.kind, "exists already" in error.message) == (ErrorKind.CONFLICT, True)
    assert refused(attach, Vif(vifname="net0"), Vif(vifname="net0")).kind is ErrorKind.CONFLICT


@pytest.mark.parametrize("name", ["x" * 16, "a/b", "a b", "a:b", "..", "vif%d", "tab\t", "\x1b[m", "é" * 8])
def test_impossible_names_are_refused(ip: Ip, attach: Attach, name: str) -> None:
    ip("link", "add", "name", "xenbr0", "type", "bridge")
    error = refused(attach, Vif(vifname=name))
    assert error.kind is ErrorKind.INVALID
    assert error.message.isprintable()


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "\ud800"])
def test_impossible_bridge_names_are_refused(ip: Ip, attach: Attach, name: str) -> None:
    assert refused(attach, Vif(bridge=name)).kind in (ErrorKind.NOT_FOUND, ErrorKind.INVALID)


def test_scripts_other_than_vif_bridge_are_noted(attach: Attach) -> None:
    nat, plain = attach(Vif(script="/etc/xen/scripts/vif-nat"), Vif(script="vif-bridge"), privileged=False)
    assert any("vif-nat needs root" in note for note in nat.notes)
    assert not any("script" in note for note in plain.notes)


def test_all_bridges_are_listed(ip: Ip) -> None:
    assert bridges() == []
    for name in ("b", "a", "c"):
        ip("link", "add", "name", name, "type", "bridge")
    assert bridges() == ["a", "b", "c"]
