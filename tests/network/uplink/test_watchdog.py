"""The host's card goes under its bridge and comes back, in a network namespace of the test's own."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
from tests.network.uplink.wire import BRIDGE, CARD, HOST4, HOST6, ROUTER4, Conversation, Wire

from xenia.network.uplink.record import Phase
from xenia.network.uplink.watchdog import CONFIRM, GIVE_UP

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may make bridges")


def renamed(value: object) -> object:
    """What `shown` tells, with the bridge in the place of the card."""
    if isinstance(value, dict):
        return {key: renamed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [renamed(each) for each in value]
    return value.replace(CARD, BRIDGE) if isinstance(value, str) else value


def test_the_bridge_gets_all_that_the_card_has_and_gives_it_back(host: Wire) -> None:
    before = host.shown()
    watchdog = host.take(seconds=30)
    assert watchdog.says() == {"phase": "waiting", "seconds": 30}
    taken = host.shown()
    for words in ("-4 route show table all", "-4 rule show", "-6 rule show", "neigh show proxy"):
        assert taken[words] == renamed(before[words])
    by_name = {each["ifname"]: each for each in taken["addr show"]}
    was = next(each for each in before["addr show"] if each["ifname"] == CARD)
    assert by_name[BRIDGE]["addr_info"] == renamed(was["addr_info"])
    assert by_name[CARD]["addr_info"] == []
    card, bridge = by_name[CARD], host.links()[BRIDGE]
    assert (card["master"], card["altnames"]) == (BRIDGE, [f"p{CARD}"])
    assert (bridge["address"], bridge["mtu"]) == (was["address"], was["mtu"])
    assert bridge["linkinfo"]["info_data"]["forward_delay"] == 0
    watchdog.tell(CONFIRM)
    watchdog.ends()
    record = host.record()
    assert (record.phase, record.confirmed) == (Phase.TAKEN, f"{CARD} {was['address']}")
    assert host.shown() == taken
    back = host.give_back()
    assert back.says() == {"phase": "bare"}
    back.ends()
    assert host.shown() == before
    assert BRIDGE not in host.links()


@pytest.mark.parametrize("address", [HOST4, HOST6])
def test_connections_live_through_it_both_ways(host: Wire, address: str) -> None:
    conversation = Conversation(host, address)
    conversation.goes_on()
    for _ in range(2):
        watchdog = host.take(seconds=0)
        while watchdog.runs():
            conversation.goes_on()
        watchdog.ends()
        assert "nobody confirmed" in host.record().returned
    conversation.close()
    assert conversation.count > 4


def test_when_nobody_confirms_all_is_as_it_was(host: Wire) -> None:
    before = host.shown()
    watchdog = host.take(seconds=0.2)
    assert watchdog.says()["phase"] == "waiting"
    watchdog.ends()
    assert host.shown() == before
    record = host.record()
    assert (record.phase, record.returned) == (Phase.BARE, "nobody confirmed it within 0.2 seconds")


def test_when_somebody_takes_it_back_it_goes_back_at_once(host: Wire) -> None:
    before = host.shown()
    watchdog = host.take(seconds=600)
    watchdog.says()
    watchdog.tell(GIVE_UP)
    watchdog.ends()
    assert host.shown() == before


def test_when_the_gateway_is_not_reached_any_more_all_is_as_it_was(host: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xenia.network.uplink.watchdog._AFTER_SECONDS", 0.5)
    chain = "add chain bridge deaf in { type filter hook input priority 0; policy drop; }"
    subprocess.run(["nft", f"add table bridge deaf; {chain}"], check=True)
    before = host.shown()
    watchdog = host.take(seconds=600)
    problem = watchdog.says()["problem"]
    watchdog.ends()
    assert f"the gateway {ROUTER4}, fd01::1 is not reached" in problem["message"]
    assert "was not reached any more" in host.record().returned
    assert host.shown() == before


def test_a_gateway_that_never_answered_is_no_reason(host: Wire) -> None:
    host.router("link set r0 down")
    watchdog = host.take(seconds=600)
    assert watchdog.says()["phase"] == "waiting"
    watchdog.tell(CONFIRM)
    watchdog.ends()
    assert host.record().phase is Phase.TAKEN


def test_a_card_without_addresses_need_not_be_confirmed(host: Wire) -> None:
    host.ip("link add spare type veth peer name other")
    host.ip("link set spare up")
    host.ip("link set spare down")
    before = host.shown()
    watchdog = host.take(card="spare")
    assert watchdog.says() == {"phase": "taken"}
    watchdog.ends()
    assert host.links()["spare"]["operstate"] == "LOWERLAYERDOWN"
    host.give_back().ends()
    assert host.shown() == before, "it is switched off again as well"


def test_what_was_confirmed_once_is_taken_without_asking(host: Wire) -> None:
    watchdog = host.take(seconds=600)
    watchdog.says()
    watchdog.tell(CONFIRM)
    watchdog.ends()
    host.give_back().ends()
    assert host.take(seconds=600).says() == {"phase": "taken"}


def test_another_card_takes_the_place_of_the_first(host: Wire) -> None:
    before = host.shown()
    host.ip("link add spare type veth peer name other")
    watchdog = host.take(seconds=600)
    watchdog.says()
    watchdog.tell(CONFIRM)
    watchdog.ends()
    second = host.take(card="spare")
    assert second.says() == {"phase": "taken"}
    second.ends()
    links = host.links()
    assert (links["spare"]["master"], "master" in links[CARD]) == (BRIDGE, False)
    assert host.shown()["-4 route show table all"] == before["-4 route show table all"]


def test_a_card_that_cannot_be_taken_leaves_the_one_that_is(host: Wire) -> None:
    watchdog = host.take(seconds=600)
    watchdog.says()
    watchdog.tell(CONFIRM)
    watchdog.ends()
    taken = host.shown()
    assert host.take(card="lo").says()["problem"]["kind"] == "invalid"
    assert host.shown() == taken


def test_a_bridge_with_ports_of_guests_stays(host: Wire) -> None:
    host.take(seconds=600).says()
    host.ip("link add vif1.0 type veth peer name guest")
    host.ip(f"link set vif1.0 master {BRIDGE}")
    assert host.take().says()["problem"]["kind"] == "conflict", "one at a time"
    os.kill(int(host.place.lock.read_text()), GIVE_UP)
    for _ in range(1000):
        if host.record().phase is Phase.BARE:
            break
    links = host.links()
    assert (links["vif1.0"]["master"], "master" in links[CARD]) == (BRIDGE, False)
    assert links[BRIDGE]["address"] != links[CARD]["address"]


def test_a_bridge_that_somebody_has_deleted_leaves_the_host_with_what_was_written_down(host: Wire) -> None:
    before = host.shown()
    watchdog = host.take(seconds=600)
    watchdog.says()
    watchdog.tell(CONFIRM)
    watchdog.ends()
    host.ip(f"link del {BRIDGE}")
    assert host.shown() != before
    host.give_back().ends()
    assert host.shown() == before


def test_signals_that_end_services_do_not_end_it(host: Wire) -> None:
    watchdog = host.take(seconds=0.3)
    watchdog.says()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        watchdog.tell(number)
    assert watchdog.ends() == 0
    assert host.record().phase is Phase.BARE
