"""What guests may send: tried with frames on real taps, a real bridge and the kernel's own packet filter."""

from __future__ import annotations

import asyncio
import os
import re
import select
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.hostile import (
    ATTEMPTS,
    GATEWAY,
    GATEWAY6,
    IP,
    IP6,
    MAC,
    MARKER,
    OTHER_IP6,
    OTHER_MAC,
    RIGHTS,
    Attempt,
)

from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.vif import Vif, VifFilter
from xenia.network.attach import AttachedVif, TapNetwork
from xenia.network.filter import NftFilter
from xenia.network.nft import Nft
from xenia.network.port import KnownAddresses, Port

Ip = Callable[..., str]

VIRTIO_HEADER = bytes(10)
LEVELS = tuple(VifFilter)

pytestmark = pytest.mark.skipif(shutil.which("nft") is None, reason="needs nft")


class Wire:
    """Two cards on a bridge: what the first sends, the second may hear."""

    def __init__(self, sender: AttachedVif, hearer: AttachedVif) -> None:
        self.interface = sender.ifname
        assert sender.tap is not None
        assert hearer.tap is not None
        self._in, self._out = sender.tap, hearer.tap

    def passes(self, frame: bytes, marker: bytes = MARKER) -> bool:
        """Whether it is heard before the marker, which is sent after it and always heard."""
        self.send(frame)
        self.send(marker)
        heard = []
        while marker not in heard:
            assert self.is_heard(5), "not even the marker arrives"
            heard.append(self.hear())
        return frame in heard

    def send(self, frame: bytes) -> None:
        os.write(self._in, VIRTIO_HEADER + frame)

    def is_heard(self, seconds: float = 0) -> bool:
        return bool(select.select([self._out], [], [], seconds)[0])

    def hear(self) -> bytes:
        return os.read(self._out, 2000)[len(VIRTIO_HEADER) :]


@pytest.fixture
def wire(ip: Ip) -> Iterator[Wire]:
    ip("link", "add", "name", "xenbr0", "up", "type", "bridge")
    Path("/proc/sys/net/ipv6/conf/xenbr0/disable_ipv6").write_text("1")
    network = TapNetwork()
    cards = [network.attach(Vif(), 7, number, MAC, privileged=True) for number in range(2)]
    yield Wire(*cards)
    for card in cards:
        network.detach(card)


@pytest.fixture
async def filter_() -> object:
    made = NftFilter(Nft())
    yield made
    await made.close()


def nft(*words: str) -> str:
    return subprocess.run(["nft", *words], check=True, capture_output=True, text=True).stdout


def rules() -> str:
    return nft("list", "ruleset")


def wrong(wire: Wire, level: VifFilter | None, attempts: tuple[Attempt, ...]) -> list[str]:
    """What did not become of attempts what should have."""
    wanted = {each.what: _passes(each, level) for each in attempts}
    return [each.what for each in attempts if wire.passes(each.frame) is not wanted[each.what]]


def _passes(attempt: Attempt, level: VifFilter | None) -> bool:
    return attempt.dropped_at is None or level is None or LEVELS.index(level) < LEVELS.index(attempt.dropped_at)


@pytest.mark.parametrize("level", [None, *VifFilter])
async def test_each_level_drops_what_it_says_and_lets_pass_what_a_guest_needs(
    wire: Wire, filter_: NftFilter, level: VifFilter | None
) -> None:
    """None: no rule at all, which shows that all of it would arrive."""
    if level is not None:
        await filter_.guard([Port(wire.interface, MAC, Vif(filter=level, ip=(IP, IP6)))])
    assert wrong(wire, level, ATTEMPTS) == []
    assert wrong(wire, level, RIGHTS) == []


IPV4_ONLY = {"IPv6", "neighbour discovery", "IPX"}


async def test_without_a_word_a_card_is_held_to_the_addresses_that_are_known(wire: Wire, filter_: NftFilter) -> None:
    def dropped() -> set[str]:
        return {each.what for each in ATTEMPTS if not wire.passes(each.frame)}

    as_client = {each.what for each in ATTEMPTS if each.dropped_at is not VifFilter.ADDRESS}
    await filter_.guard([Port(wire.interface, MAC, Vif())])
    assert dropped() == as_client
    await filter_.guard([Port(wire.interface, MAC, Vif(), KnownAddresses((IP,)))])
    by_ipv4 = {each.what for each in ATTEMPTS if not any(word in each.what for word in IPV4_ONLY)}
    assert dropped() == as_client | by_ipv4
    await filter_.guard([Port(wire.interface, MAC, Vif(ip=(IP6,)), KnownAddresses((IP,)))])
    assert dropped() == {each.what for each in ATTEMPTS} - {"speaks another protocol (IPX)"}
    assert wrong(wire, VifFilter.CLIENT, RIGHTS) == []


async def test_what_is_the_hosts_own_no_guest_may_claim(wire: Wire, filter_: NftFilter) -> None:
    """Neither one whose addresses are not known, nor one of which those of one version are."""
    as_client = {each.what for each in ATTEMPTS if each.dropped_at is not VifFilter.ADDRESS}
    gateway = {each.what for each in ATTEMPTS if "the gateway" in each.what} | {"the same in a VLAN tag (ARP)"}
    reserved = (GATEWAY, GATEWAY6, OTHER_IP6)
    other = {each.what for each in ATTEMPTS if "another's IPv6" in each.what}
    await filter_.guard([Port(wire.interface, MAC, Vif(), KnownAddresses(reserved=reserved))])
    assert {each.what for each in ATTEMPTS if not wire.passes(each.frame)} == as_client | gateway | other
    assert wrong(wire, VifFilter.CLIENT, RIGHTS) == []
    await filter_.renew([Port(wire.interface, MAC, Vif(), KnownAddresses((IP,), reserved))])
    assert {each.what for each in ATTEMPTS if not wire.passes(each.frame)} == {each.what for each in ATTEMPTS} - {
        "speaks another protocol (IPX)"
    }
    assert wrong(wire, VifFilter.CLIENT, RIGHTS) == []


async def test_a_guest_that_must_have_addresses_and_has_none_only_asks_for_them(wire: Wire, filter_: NftFilter) -> None:
    await filter_.guard([Port(wire.interface, MAC, Vif(filter=VifFilter.ADDRESS))])
    announcement = RIGHTS[-1].frame  # the marker is not let pass here
    passed = {each.what for each in RIGHTS if wire.passes(each.frame, announcement)}
    assert passed == {
        "looks whether an address is free (ARP)",
        "asks for a lease",
        "looks whether an address is free (neighbour discovery)",
        "asks for neighbours",
        "answers for its link-local address",
        "asks for routers",
        "asks for a DHCPv6 lease",
        "is announced after a migration",
    }


async def test_a_prefix_is_all_of_its_addresses(wire: Wire, filter_: NftFilter) -> None:
    await filter_.guard([Port(wire.interface, MAC, Vif(ip=("10.9.0.0/24", "10.9.0.9", "fd00::/64", "10.9.0.0/25")))])
    dropped = {each.what for each in ATTEMPTS if not wire.passes(each.frame)}
    assert "sends from another's IPv4 address" not in dropped
    assert "sends from another's IPv6 address" not in dropped
    assert "sends from the gateway's IPv6 address" in dropped


async def test_rules_go_with_their_interface(ip: Ip, filter_: NftFilter) -> None:
    ip("link", "add", "name", "xenbr0", "type", "bridge")
    network = TapNetwork()
    cards = [network.attach(Vif(), 7, number, MAC, privileged=True) for number in range(2)]
    await filter_.guard([Port(card.ifname, MAC, Vif()) for card in cards])
    network.detach(cards[0])
    filter_.sweep()
    await asyncio.sleep(0)
    await filter_.guard([Port("vif7.1", MAC, Vif(filter=VifFilter.MAC))])  # its turn comes after the sweep
    assert "vif7.0" not in rules()
    assert "vif7.1" in rules()
    assert "dport 68" not in rules()
    network.detach(cards[1])


async def test_where_nothing_is_guarded_any_more_the_host_is_as_it_was(ip: Ip, filter_: NftFilter) -> None:
    before = nft("list", "ruleset")
    ip("tuntap", "add", "dev", "vif7.0", "mode", "tap")
    await filter_.guard([Port("vif7.0", MAC, Vif())])
    assert "vif7.0" in nft("list", "ruleset")
    ip("link", "del", "vif7.0")
    filter_.sweep()
    await asyncio.sleep(0)
    await filter_.guard([])  # its turn comes after the sweep
    assert nft("list", "ruleset") == before


async def test_a_new_xend_keeps_what_is_right_and_removes_what_is_left_over(wire: Wire, ip: Ip) -> None:
    earlier = NftFilter(Nft())
    ip("link", "add", "gone0", "type", "bridge")
    ip("link", "add", "others0", "type", "bridge")
    await earlier.guard([Port(name, OTHER_MAC, Vif()) for name in ("gone0", "others0", wire.interface)])
    await earlier.close()
    ip("link", "del", "gone0")
    new = NftFilter(Nft())
    await new.restore([Port(wire.interface, MAC, Vif()), Port("never0", MAC, Vif())])
    assert "gone0" not in rules()
    assert "others0" in rules()
    assert wrong(wire, VifFilter.CLIENT, ATTEMPTS) == []
    await new.close()


async def test_rules_that_somebody_has_flushed_come_back_with_the_next_card(
    wire: Wire, filter_: NftFilter, ip: Ip
) -> None:
    ip("link", "add", "next0", "type", "bridge")
    await filter_.guard([Port(wire.interface, MAC, Vif())])
    nft("delete chain netdev xenia vif7.0; add chain netdev xenia next0")
    await filter_.guard([Port("next0", MAC, Vif())])
    assert wrong(wire, VifFilter.CLIENT, ATTEMPTS) == []


@pytest.mark.parametrize(
    "harm", ["flush ruleset", "flush chain netdev xenia vif7.0", "add rule netdev xenia vif7.0 ether type ip accept"]
)
async def test_rules_that_somebody_has_changed_come_back_at_once(
    wire: Wire, filter_: NftFilter, harm: str, caplog: pytest.LogCaptureFixture
) -> None:
    await filter_.restore([Port(wire.interface, MAC, Vif())])
    before = nft("list", "ruleset")
    nft(harm)
    async with asyncio.timeout(10):
        while nft("list", "ruleset") != before:  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.02)
    assert "somebody has changed the rules of vif7.0" in caplog.text


async def test_a_rule_that_somebody_has_put_in_the_place_of_ours_is_noticed(wire: Wire, filter_: NftFilter) -> None:
    await filter_.restore([Port(wire.interface, MAC, Vif())])
    before = nft("list", "ruleset")
    async with asyncio.timeout(10):
        while wire.interface not in filter_._told:  # it has been looked at once  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        found = re.search(r"ether saddr != .* # handle (\d+)", nft("-a", "list", "chain", "netdev", "xenia", "vif7.0"))
        assert found is not None
        nft(f"replace rule netdev xenia vif7.0 handle {found[1]} ether saddr {OTHER_MAC} accept")
        while nft("list", "ruleset") != before:  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.02)
    assert wrong(wire, VifFilter.CLIENT, ATTEMPTS) == []


async def test_rules_of_others_are_left_alone(wire: Wire, filter_: NftFilter) -> None:
    nft("add table inet firewall; add chain inet firewall input")
    before = rules()
    await filter_.guard([Port(wire.interface, MAC, Vif())])
    assert before.strip() in rules()


async def test_a_card_that_wants_no_filter_has_none(wire: Wire, filter_: NftFilter) -> None:
    await filter_.guard([Port(wire.interface, MAC, Vif())])
    await filter_.guard([Port(wire.interface, MAC, Vif(filter=VifFilter.OFF))])
    assert "chain" not in rules()


@pytest.mark.parametrize("vif", [Vif(vlan="12"), Vif(bridge="ovsbr0.12:13")])
async def test_a_card_in_vlans_sends_nothing_in_two_tags_whatever_its_filter(
    wire: Wire, filter_: NftFilter, vif: Vif
) -> None:
    await filter_.guard([Port(wire.interface, MAC, replace(vif, filter=VifFilter.OFF))])
    dropped = [each.what for each in ATTEMPTS if not wire.passes(each.frame)]
    assert dropped == ["hides ARP in two VLAN tags"]


async def test_the_emulated_side_of_a_card_on_xen_is_guarded_too_and_only_its_rate_is_ours(ip: Ip) -> None:
    for name in ("vif3.0", "vif3.0-emu"):
        ip("link", "add", name, "type", "bridge")
    filter_ = NftFilter(Nft(), own_rate=True)
    await filter_.guard([Port("vif3.0", MAC, Vif(rate="10Mb/s"))])
    own, beside = (nft("list", "chain", "netdev", "xenia", name) for name in ("vif3.0", "vif3.0-emu"))
    assert ("limit" in own, "limit" in beside) == (False, True)
    assert "saddr" in own
    await filter_.close()


async def test_what_is_more_than_the_rate_is_dropped(wire: Wire, filter_: NftFilter) -> None:
    """In no time at all no more arrives than may be saved up, and one frame of the largest kind always fits."""
    await filter_.guard([Port(wire.interface, MAC, Vif(rate="1KB/s", filter=VifFilter.OFF))])
    frame = MARKER.ljust(1400, b"\0")
    for _ in range(200):
        wire.send(frame)
    heard = 0
    while wire.is_heard():
        heard += len(wire.hear())
    assert 100_000 < heard < 150_000


@pytest.mark.parametrize("level", [None, VifFilter.OFF])
async def test_without_nftables_cards_work_and_the_reason_is_kept(
    wire: Wire, level: VifFilter | None, caplog: pytest.LogCaptureFixture
) -> None:
    filter_ = NftFilter(Nft("/nonexistent/nft"))
    await filter_.restore([])
    await filter_.guard([Port(wire.interface, MAC, Vif(filter=level))])
    assert filter_.problem == "nft is not installed"
    assert [record.getMessage() for record in caplog.records] == [
        "what guests send is not filtered: nft is not installed (apt-get install nftables)"
    ]
    assert wrong(wire, None, RIGHTS) == []
    await filter_.close()


async def test_a_card_that_insists_on_its_filter_is_not_without_it(wire: Wire) -> None:
    filter_ = NftFilter(Nft("/nonexistent/nft"))
    with pytest.raises(XeniaError) as caught:
        await filter_.guard([Port(wire.interface, MAC, Vif(filter=VifFilter.ADDRESS))])
    assert (caught.value.kind, caught.value.hint) == (ErrorKind.UNAVAILABLE, "apt-get install nftables")
    assert caught.value.message == "filter=address is not possible for vif7.0: nft is not installed"
    await filter_.close()


async def test_an_ordinary_users_guests_have_nothing_to_guard() -> None:
    filter_ = NftFilter(Nft("/nonexistent/nft"), privileged=False)
    await filter_.restore([Port("lo", MAC, Vif())])
    await filter_.guard([Port("lo", MAC, Vif(filter=VifFilter.ADDRESS))])
    assert "ordinary user" in filter_.problem
    await filter_.close()
