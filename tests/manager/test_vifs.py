"""Cards that come and go while their domain runs."""

import asyncio

import pytest
from tests.support.world import ROOT, request, started_of

from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.event import EventKind
from xenia.model.job import JobState
from xenia.model.scope import Scope

MAC = "00:16:3e:00:00:07"


async def run(manager, name="a"):
    job = await manager.wait(manager.create(request(name), ROOT).id, 10)
    assert job.state is JobState.DONE, job


async def attach(manager, spec="", name="a"):
    return await manager.wait(manager.vifs.attach(name, spec, Scope.LIVE, ROOT).id, 10)


async def detach(manager, card, name="a"):
    return await manager.wait(manager.vifs.detach(name, card, Scope.LIVE, ROOT).id, 10)


def cards(manager, name="a"):
    started = manager.inventory.started(name)
    return [(vif.item, mac) for vif, mac in zip(started.config.vifs, started.macs, strict=True)]


async def test_cards_get_the_lowest_free_number_and_an_address_of_their_own(world, manager):
    await run(manager)
    first, second = await attach(manager), await attach(manager, f"mac={MAC},bridge=lan")
    assert second.result["vif"]["bridge"] == "lan"
    made = first.result["vif"]["mac"]
    assert cards(manager) == [(0, made), (1, MAC)]
    assert (await detach(manager, "0")).state is JobState.DONE
    assert cards(manager) == [(1, MAC)]
    third = (await attach(manager)).result["vif"]["mac"]
    assert cards(manager) == [(0, third), (1, MAC)]
    assert manager.inventory.find("a").vifs == ("vif1.0", "vif1.1")
    assert (await detach(manager, MAC.upper())).state is JobState.DONE
    assert world.host.guests[started_of(world, "a").uuid].cards == {0}


async def test_no_two_domains_are_made_one_address(manager):
    await run(manager)
    await run(manager, "b")
    made = {(await attach(manager, name=name)).result["vif"]["mac"] for name in "abab"}
    assert len(made) == 4


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("mac=zz", "invalid"),
        ("['', '']", "invalid"),
        (f"mac={MAC}", "conflict"),
    ],
)
async def test_what_is_no_card_or_taken_is_refused_and_nothing_changes(manager, spec, kind):
    await run(manager)
    await attach(manager, f"mac={MAC}")
    job = await attach(manager, spec)
    assert (job.state, job.error["kind"]) == (JobState.FAILED, kind), job
    assert cards(manager) == [(0, MAC)]


@pytest.mark.parametrize("card", ["1", "-1", "", "00:16:3e:00:00:08", "x" * 200])
async def test_a_card_that_is_not_there_is_not_found(manager, card):
    await run(manager)
    await attach(manager, f"mac={MAC}")
    job = await detach(manager, card)
    assert (job.error["kind"], job.error["hint"]) == ("not_found", f"it has: 0 ({MAC})")


async def test_a_guest_that_does_not_let_go_keeps_the_card_until_it_does(world, manager):
    world.host.clinging.add("a")
    await run(manager)
    await attach(manager, f"mac={MAC}")
    job = await detach(manager, "0")
    assert job.error["kind"] == "timed_out"
    assert cards(manager) == [(0, MAC)]
    with manager.listen() as listener:
        world.host.let_go(started_of(world, "a").uuid, 0)
        async with asyncio.timeout(10):
            event = await anext(aiter(listener))
    assert (event.kind, event.detail) == (EventKind.VIF_DETACHED, MAC)
    assert cards(manager) == []


async def test_an_engine_that_refuses_leaves_nothing(world, manager):
    await run(manager)
    take_step = world.host.step

    async def refuse(name):
        if name == "attach vif":
            world.fail_at = world.steps + 1
        await take_step(name)

    world.host.step = refuse
    assert (await attach(manager)).error["kind"] == "engine_failed"
    assert cards(manager) == []


async def test_a_card_that_went_while_no_xend_ran_is_struck_out(world, manager):
    await run(manager)
    await attach(manager)
    await manager.close()
    world.host.guests[started_of(world, "a").uuid].cards.clear()
    other = world.boot()
    await other.start()
    assert cards(other) == []
    await other.close()


async def configure(manager, card, *, linked, name="a"):
    return await manager.wait(manager.vifs.configure(name, card, Scope.LIVE, ROOT, linked=linked).id, 10)


async def test_the_cable_of_a_card_is_pulled_out_and_put_in(world, manager):
    await run(manager)
    await attach(manager, "link=down")
    await attach(manager, f"mac={MAC}")
    guest = world.host.guests[started_of(world, "a").uuid]
    assert guest.unlinked == {0}
    with manager.listen() as events:
        assert (await configure(manager, MAC, linked=False)).result["vif"]["linked"] is False
        assert guest.unlinked == {0, 1}
        assert (await configure(manager, "0", linked=True)).state is JobState.DONE
        told = [await anext(events), await anext(events)]
    assert [(each.kind, each.detail) for each in told] == [
        (EventKind.VIF_CHANGED, "1: link down"), (EventKind.VIF_CHANGED, "0: link up"),
    ]  # fmt: skip
    assert guest.unlinked == {1}
    assert [vif.linked for vif in manager.inventory.started("a").config.vifs] == [True, False]
    assert (await configure(manager, "7", linked=True)).error["kind"] == "not_found"


async def test_a_link_that_cannot_be_changed_stays_written_down_as_it_is(world, manager):
    await run(manager)
    await attach(manager)

    async def refuse(name):
        if name == "set link":
            raise XeniaError("no", kind=ErrorKind.ENGINE_FAILED)

    world.host.step, taken = refuse, world.host.step
    for linked in (False, True):
        assert (await configure(manager, "0", linked=linked)).error["detail"] == "no"
    world.host.step = taken
    assert [vif.linked for vif in manager.inventory.started("a").config.vifs] == [True]
