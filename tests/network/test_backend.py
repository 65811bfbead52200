"""Cards whose interfaces the hypervisor makes itself: only the bridge is looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.vif import Vif
from xenia.network.attach import AttachedVif, BackendNetwork

Ip = Callable[..., str]

MAC = "00:16:3e:00:00:01"


@pytest.fixture
def network(ip: Ip) -> BackendNetwork:
    """On a host with two bridges, one of them the default."""
    for name in ("usual", "lan"):
        ip("link", "add", "name", name, "type", "bridge")
    return BackendNetwork("usual")


def attach(network: BackendNetwork, vif: Vif) -> AttachedVif:
    attached = network.attach(vif, 7, 0, MAC, privileged=True)
    network.detach(attached)
    return attached


def refused(network: BackendNetwork, vif: Vif) -> XeniaError:
    with pytest.raises(XeniaError) as caught:
        attach(network, vif)
    return caught.value


def test_a_card_gets_the_bridge_it_names_or_the_default(network: BackendNetwork, ip: Ip) -> None:
    before = ip("link")
    named, usual = attach(network, Vif(bridge="lan", vifname="mail0")), attach(network, Vif())
    assert (named.bridge, named.ifname, named.mac, named.tap, named.notes) == ("lan", "mail0", MAC, None, ())
    assert (usual.bridge, usual.ifname) == ("usual", "")
    assert ip("link") == before


def test_a_bridge_that_is_not_there_is_said_with_those_that_are(network: BackendNetwork) -> None:
    error = refused(network, Vif(bridge="wan"))
    assert (error.kind, error.message) == (ErrorKind.NOT_FOUND, "there is no bridge 'wan'")
    assert "bridges here: lan, usual" in (error.hint or "")
    with pytest.raises(XeniaError, match="no bridge 'wan'"):
        network.check(Vif(bridge="wan"), privileged=True)
    network.check(Vif(bridge="lan"), privileged=True)


def test_without_the_default_bridge_the_way_to_make_it_is_told(ip: Ip) -> None:
    error = refused(BackendNetwork(), Vif())
    assert (error.kind, error.message) == (ErrorKind.NOT_FOUND, "there is no bridge 'xenbr0'")
    assert "ip link add xenbr0 type bridge" in (error.hint or "")


def test_an_interface_that_is_no_bridge_is_said_to_be_none(network: BackendNetwork) -> None:
    error = refused(network, Vif(bridge="lo"))
    assert (error.kind, "not a bridge" in error.message) == (ErrorKind.CONFLICT, True)


def test_a_taken_name_is_a_conflict(network: BackendNetwork, ip: Ip) -> None:
    ip("link", "add", "name", "mail0", "type", "bridge")
    error = refused(network, Vif(vifname="mail0"))
    assert (error.kind, error.message) == (ErrorKind.CONFLICT, "the interface 'mail0' exists already")


@pytest.mark.parametrize("name", ["x" * 16, "a/b", "a b", "vif%d"])
def test_impossible_names_are_refused(network: BackendNetwork, name: str) -> None:
    assert refused(network, Vif(vifname=name)).kind is ErrorKind.INVALID


def test_scripts_other_than_vif_bridge_are_noted(network: BackendNetwork) -> None:
    (note,) = attach(network, Vif(script="/etc/xen/scripts/vif-nat", bridge="lan")).notes
    assert note == "script=/etc/xen/scripts/vif-nat has no effect: the card is on the bridge lan"
    assert attach(network, Vif(script="vif-bridge")).notes == ()
