"""The use cases of the host's bridge, with a real watchdog, in a network namespace of the test's own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.network.uplink.wire import BOOT, BRIDGE, CARD, Wire, wire
from tests.support.kept_jobs import KeptJobs
from tests.support.waiting import until
from tests.support.world import ROOT

from xenia.lib.aio import Tasks
from xenia.manager.bridge import Bridges
from xenia.manager.bridge_keeper import BridgeKeeper
from xenia.manager.jobs import Jobs
from xenia.model.bridge import BridgeState, BridgeWish
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.job import Job, JobState
from xenia.network.uplink.uplink import Uplink

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may make bridges")

OVER = BridgeWish(BRIDGE, CARD)
NOTHING = BridgeWish(BRIDGE)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Wire]:
    with wire(tmp_path) as made:
        yield made


@dataclass
class Xend:
    """What of a xend is about the bridge; `wish` may be changed."""

    bridges: Bridges
    jobs: Jobs
    wish: BridgeWish

    async def apply(self) -> Job:
        job = self.bridges.apply(ROOT)
        return await self.jobs.wait(job.id, 30)


@asynccontextmanager
async def xend(host: Wire, wish: BridgeWish, *, seconds: float = 600, privileged: bool = True) -> AsyncIterator[Xend]:
    jobs = Jobs(lambda: 0.0, KeptJobs())
    made = Xend(Bridges(Uplink(host.place, BOOT), lambda: made.wish, jobs, privileged, seconds), jobs, wish)
    await made.bridges.start()
    try:
        yield made
    finally:
        await jobs.close()
        await made.bridges.close()


async def test_the_card_is_taken_confirmed_found_again_and_given_back(host: Wire) -> None:
    before = host.shown()
    async with xend(host, OVER) as first:
        found = first.bridges.look()
        assert (found.state, found.card, found.message) == (BridgeState.WAITING, CARD, "")
        assert found.seconds is not None
        assert 500 < found.seconds <= 600
    taken = host.shown()
    async with xend(host, OVER) as second:
        assert second.bridges.look().state is BridgeState.WAITING, "a new xend finds the old watchdog"
        assert (await second.bridges.confirm(ROOT)).state is BridgeState.TAKEN
        with pytest.raises(XeniaError, match="nothing to confirm"):
            await second.bridges.confirm(ROOT)
    async with xend(host, OVER) as third:
        assert third.bridges.look().state is BridgeState.TAKEN
        assert host.shown() == taken
        third.wish = NOTHING
        job = await third.apply()
        assert (job.state, job.result["bridge"]["state"]) == (JobState.DONE, "none")
    assert host.shown() == before


async def test_a_watchdog_that_is_killed_is_followed_by_the_way_back(host: Wire) -> None:
    before = host.shown()
    async with xend(host, OVER) as one:
        os.kill(int(host.place.lock.read_text()), signal.SIGKILL)
        await until(lambda: one.bridges.look().state is BridgeState.NONE)
        await one.bridges.uplink.ended()
        assert "killed before anybody had confirmed" in one.bridges.look().message
        assert host.shown() == before
    async with xend(host, OVER) as another:
        assert another.bridges.look().state is BridgeState.NONE, "it is not tried again by itself"
        assert (await another.apply()).state is JobState.DONE
        assert another.bridges.look().state is BridgeState.WAITING
        another.wish = NOTHING
        assert (await another.apply()).state is JobState.DONE
    assert host.shown() == before


async def test_when_nobody_confirms_it_is_told(host: Wire) -> None:
    before = host.shown()
    async with xend(host, OVER, seconds=0.3) as one:
        await one.bridges.uplink.ended()
        found = one.bridges.look()
        assert (found.state, found.message) == (BridgeState.NONE, "nobody confirmed it within 0.3 seconds")
    assert host.shown() == before


async def test_a_bridge_without_a_card_comes_and_goes(host: Wire) -> None:
    before = host.shown()
    async with xend(host, BridgeWish(BRIDGE, bare=True)) as one:
        assert one.bridges.look().state is BridgeState.BARE
        bridge = host.links()[BRIDGE]
        assert "UP" in bridge["flags"]
        assert Path(f"/proc/sys/net/ipv6/conf/{BRIDGE}/disable_ipv6").read_text() == "1\n"
        one.wish = BridgeWish(BRIDGE, "none", bare=True)
        assert (await one.apply()).state is JobState.DONE
        assert one.bridges.look().state is BridgeState.NONE
    assert host.shown() == before


def addresses_and_routes(host: Wire) -> list[str]:
    """Of the bridge, as iproute2 has them, but for what counts down."""
    shown = [
        host.ip(words)
        for words in (f"addr show dev {BRIDGE}", f"route show dev {BRIDGE}", f"-6 route show dev {BRIDGE}")
    ]
    lines = [line.strip() for text in shown for line in text.splitlines() if "link" not in line.split()[:1]]
    return [re.sub(r"(valid_lft|preferred_lft|expires) \S+", "", line) for line in lines if ": <" not in line]


@asynccontextmanager
async def kept(one: Xend) -> AsyncIterator[list[str]]:
    """It is looked after; the bridges on which guests were to be put again."""
    plugged: list[str] = []

    async def plug(bridge: str) -> None:
        plugged.append(bridge)

    tasks = Tasks()
    tasks.start(BridgeKeeper(one.bridges, plug).run(), name="keeper")
    await asyncio.sleep(0)
    yield plugged
    await tasks.close()


@pytest.mark.parametrize("harm", [f"link del {BRIDGE}", f"link set {CARD} nomaster"])
async def test_a_bridge_that_somebody_removes_comes_back_at_once(host: Wire, harm: str) -> None:
    """But for whom the host answers for: the kernel forgets that when an interface loses its wire (neigh_ifdown)."""
    for proxied in host.ip("neigh show proxy").splitlines():
        host.ip(f"neigh del proxy {proxied.split()[0]} dev {CARD}")
    before = host.shown()
    async with xend(host, OVER) as one:
        await one.bridges.confirm(ROOT)
        there = addresses_and_routes(host)
        assert there
        async with kept(one) as plugged:
            host.ip(harm)
            await until(lambda: plugged and one.bridges.look().state is BridgeState.TAKEN)
            assert plugged == [BRIDGE]
            await until(lambda: addresses_and_routes(host) == there)
        one.wish = NOTHING
        assert (await one.apply()).state is JobState.DONE
    assert host.shown() == before


async def test_a_bare_bridge_that_somebody_removes_comes_back_at_once(host: Wire) -> None:
    async with xend(host, BridgeWish(BRIDGE, bare=True)) as one, kept(one) as plugged:
        host.ip(f"link del {BRIDGE}")
        await until(lambda: plugged)
        assert one.bridges.look().state is BridgeState.BARE


async def test_a_bridge_of_others_is_used(host: Wire) -> None:
    host.ip(f"link add {BRIDGE} type bridge")
    host.ip(f"link set {CARD} master {BRIDGE}")
    before = host.shown()
    async with xend(host, OVER) as one:
        found = one.bridges.look()
        assert (found.state, found.card) == (BridgeState.OTHERS, CARD)
        one.wish = BridgeWish(BRIDGE, "none", bare=True)
        await one.apply()
    assert host.shown() == before


async def test_what_is_refused_does_not_keep_xend_from_starting(host: Wire) -> None:
    before = host.shown()
    async with xend(host, BridgeWish(BRIDGE, "eth9")) as one:
        assert one.bridges.look().message == "there is no interface 'eth9' on this host"
        job = await one.apply()
        assert job.error is not None
        assert (job.error["kind"], job.error["hint"]) == ("not_found", f"cards here: {CARD}")
    assert host.shown() == before


async def test_only_an_administrator_and_a_xend_with_rights_change_it(host: Wire) -> None:
    async with xend(host, OVER, privileged=False) as one:
        assert one.bridges.look().message == "a bridge of the host is made and changed by root only"
        operator = Caller(1000, "carla", Role.OPERATOR)
        for denied in (lambda: one.bridges.apply(operator), None):
            with pytest.raises(XeniaError) as caught:
                denied() if denied else await one.bridges.confirm(operator)
            assert caught.value.kind is ErrorKind.DENIED
    assert BRIDGE not in host.links()


async def test_a_record_that_cannot_be_read_is_no_reason_to_go_on(host: Wire) -> None:
    host.place.record.parent.mkdir(parents=True)
    host.place.record.write_text("{")
    async with xend(host, OVER) as one:
        with pytest.raises(XeniaError) as caught:
            one.bridges.look()
        assert "remove the file" in (caught.value.hint or "")
    assert BRIDGE not in host.links()
