"""Disks that come and go while their domain runs."""

import asyncio

import pytest
from tests.support.world import ROOT, request, started_of

from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.event import EventKind
from xenia.model.job import JobState
from xenia.model.scope import Scope

OPERATOR = Caller(1000, "o", Role.OPERATOR)


async def run(manager, name="a", caller=ROOT, **words):
    job = await manager.wait(manager.create(request(name, **words), caller).id, 10)
    assert job.state is JobState.DONE, job


async def attach(manager, spec, name="a", folder="/images", caller=ROOT):
    return await manager.wait(manager.disks.attach(name, spec, folder, Scope.LIVE, caller).id, 10)


async def detach(manager, target, name="a", *, force=False):
    return await manager.wait(manager.disks.detach(name, target, Scope.LIVE, ROOT, force=force).id, 10)


def disks(manager, name="a"):
    return [(disk.target, disk.path) for disk in manager.inventory.started(name).config.disks]


async def test_a_disk_is_known_to_all_as_long_as_it_is_there(world, manager):
    await run(manager, disk="/a")
    with manager.listen() as listener:
        job = await attach(manager, "file:data.img,xvdb,w")
        assert (job.state, job.result["disk"]["path"], job.result["notes"]) == (JobState.DONE, "/images/data.img", [])
        assert disks(manager) == [("xvda", "/a"), ("xvdb", "/images/data.img")]
        assert world.host.guests[started_of(world, "a").uuid].disks == {"xvda": "/a", "xvdb": "/images/data.img"}
        await run(manager, "b")
        taken = await attach(manager, "file:/images/data.img,xvdb,w", "b")
        assert (taken.state, taken.error["kind"]) == (JobState.FAILED, "conflict")
        assert (await detach(manager, "/dev/xvdb")).state is JobState.DONE
        assert disks(manager) == [("xvda", "/a")]
        assert (await attach(manager, "file:/images/data.img,xvdb,w", "b")).state is JobState.DONE
        seen = [(event.domain, event.kind, event.detail) async for event in until_attached(listener, "b")]
    told = [each for each in seen if each[1] in (EventKind.DISK_ATTACHED, EventKind.DISK_DETACHED)]
    assert told == [
        ("a", EventKind.DISK_ATTACHED, "xvdb"),
        ("a", EventKind.DISK_DETACHED, "xvdb"),
        ("b", EventKind.DISK_ATTACHED, "xvdb"),
    ]


async def until_attached(listener, name):
    async with asyncio.timeout(10):
        async for event in listener:
            yield event
            if (event.domain, event.kind) == (name, EventKind.DISK_ATTACHED):
                return


@pytest.mark.parametrize(
    ("spec", "kind", "words"),
    [
        ("", "invalid", "this disk is empty"),
        ("nonsense", "invalid", "no target"),
        ("file:/x,xvdb,zz", "invalid", "the mode zz is not known"),
        ("['file:/x,xvdb,w', 'file:/y,xvdc,w']", "invalid", "is not one disk"),
        ("file:/x\n,xvdb,w\x1b", "invalid", "mode"),
        ("file:/x,xvda,w", "conflict", "has a disk xvda already"),
        ("file:/a,xvdb,w", "conflict", "is busy"),
    ],
)
async def test_what_is_no_disk_or_taken_is_refused_and_nothing_changes(manager, spec, kind, words):
    await run(manager, disk="/a")
    job = await attach(manager, spec)
    assert (job.state, job.error["kind"]) == (JobState.FAILED, kind), job
    assert words in job.error["detail"]
    assert disks(manager) == [("xvda", "/a")]


async def test_what_looks_odd_is_attached_and_said(manager):
    await run(manager, disk="/a")
    job = await attach(manager, "file:/x.qcow2,xvdb,w")
    assert job.state is JobState.DONE
    assert "looks like a qcow2 image" in job.result["notes"][0]


async def test_an_engine_that_refuses_leaves_nothing(world, manager):
    await run(manager, disk="/a")
    take_step = world.host.step

    async def refuse(name):
        if name == "attach disk":
            world.fail_at = world.steps + 1
        await take_step(name)

    world.host.step = refuse
    job = await attach(manager, "file:/x,xvdb,w")
    assert job.error["kind"] == "engine_failed"
    assert disks(manager) == [("xvda", "/a")]


async def test_the_disk_that_the_guest_runs_from_is_unplugged_by_force_only(manager):
    await run(manager, disk="/a")
    refused = await detach(manager, "xvda")
    assert refused.error["kind"] == "conflict"
    assert refused.error["hint"] == "if it does not: xm block-detach --force a xvda"
    assert (await detach(manager, "xvda", force=True)).state is JobState.DONE
    assert disks(manager) == []


async def test_a_disk_that_is_not_there_is_not_found(manager):
    await run(manager, disk="/a")
    job = await detach(manager, "xvdq")
    assert (job.error["kind"], job.error["hint"]) == ("not_found", "it has: xvda")


async def test_a_guest_that_does_not_let_go_keeps_the_disk_until_it_does(world, manager):
    world.host.clinging.add("a")
    await run(manager, disk="/a")
    await attach(manager, "file:/x,xvdb,w")
    job = await detach(manager, "xvdb")
    assert job.error["kind"] == "timed_out"
    assert disks(manager) == [("xvda", "/a"), ("xvdb", "/x")]
    with manager.listen() as listener:
        world.host.let_go(started_of(world, "a").uuid, "xvdb")
        async with asyncio.timeout(10):
            event = await anext(aiter(listener))
    assert (event.kind, event.detail) == (EventKind.DISK_DETACHED, "xvdb")
    assert disks(manager) == [("xvda", "/a")]


async def test_a_disk_that_went_while_no_xend_ran_is_struck_out(world, manager):
    await run(manager, disk="/a")
    await attach(manager, "file:/x,xvdb,w")
    await manager.close()
    del world.host.guests[started_of(world, "a").uuid].disks["xvdb"]
    other = world.boot()
    await other.start()
    assert disks(other) == [("xvda", "/a")]
    await other.close()


async def test_an_operator_gives_no_disk_to_a_domain_of_an_administrator(manager):
    await run(manager, disk="/a")
    job = await attach(manager, "file:/x,xvdb,w", caller=OPERATOR)
    assert job.error["kind"] == "denied"
    await run(manager, "b", caller=OPERATOR, disk="/b")
    assert (await attach(manager, "file:/x,xvdb,w", "b", caller=OPERATOR)).state is JobState.DONE


async def test_only_a_guest_that_runs_can_let_go(manager):
    await run(manager, disk="/a")
    await manager.wait(manager.operate("pause", "a", ROOT).id, 10)
    assert (await attach(manager, "file:/x,xvdb,w")).state is JobState.DONE
    with pytest.raises(XeniaError) as raised:
        manager.disks.detach("a", "xvdb", Scope.LIVE, ROOT, force=False)
    assert raised.value.kind is ErrorKind.CONFLICT
    with pytest.raises(XeniaError, match="Domain-0"):
        manager.disks.attach("0", "file:/x,xvdb,w", "/", Scope.LIVE, ROOT)


async def insert(manager, path, target="hdc", *, force=False):
    return await manager.wait(manager.disks.insert("a", target, path, "/iso", Scope.LIVE, ROOT, force=force).id, 10)


async def eject(manager, target="hdc", *, force=False):
    return await manager.wait(manager.disks.eject("a", target, Scope.LIVE, ROOT, force=force).id, 10)


async def test_a_drive_gets_another_medium_none_and_one_again(world, manager):
    await run(manager, disk="/a", cd="/one.iso")
    guest = world.host.guests[started_of(world, "a").uuid]
    job = await insert(manager, "two,and a half.iso")
    assert job.state is JobState.DONE, job
    assert job.result["disk"]["mode"] == "r"
    assert disks(manager) == [("xvda", "/a"), ("hdc", "/iso/two,and a half.iso")]
    assert (await eject(manager, "/dev/hdc")).state is JobState.DONE
    assert (disks(manager)[1], guest.media) == (("hdc", ""), {"hdc": False})
    assert (await eject(manager)).state is JobState.DONE
    assert (await insert(manager, "/one.iso")).state is JobState.DONE
    assert (disks(manager)[1], guest.media) == (("hdc", "/one.iso"), {"hdc": True})


async def test_a_locked_drive_keeps_its_medium_unless_forced(world, manager):
    world.host.clinging.add("a")
    await run(manager, cd="/one.iso")
    refused = await insert(manager, "/two.iso")
    assert refused.error["kind"] == "conflict"
    assert disks(manager) == [("hdc", "/one.iso")]
    assert (await eject(manager, force=True)).state is JobState.DONE
    assert disks(manager) == [("hdc", "")]


@pytest.mark.parametrize(
    ("target", "path", "kind"),
    [
        ("xvda", "/x.iso", "invalid"),
        ("hdd", "/x.iso", "not_found"),
        ("hdc,format=qcow2", "/x.iso", "not_found"),
        ("hdc", "", "invalid"),
    ],
)
async def test_what_is_no_drive_or_no_medium_is_refused(manager, target, path, kind):
    await run(manager, disk="/a", cd="/one.iso")
    job = await insert(manager, path, target)
    assert (job.state, job.error["kind"]) == (JobState.FAILED, kind), job
    assert disks(manager) == [("xvda", "/a"), ("hdc", "/one.iso")]


async def test_a_drive_that_cannot_take_the_new_medium_is_empty(world, manager):
    await run(manager, cd="/one.iso")
    take_step = world.host.step

    async def refuse(name):
        if name == "insert":
            world.fail_at = world.steps + 1
        await take_step(name)

    world.host.step = refuse
    job = await insert(manager, "/two.iso")
    assert job.error["kind"] == "engine_failed"
    assert disks(manager) == [("hdc", "")]


async def test_a_disk_that_was_plugged_in_first_is_not_what_the_guest_runs_from(manager):
    await run(manager)
    await attach(manager, "file:/b,xvdb,w")
    assert (await detach(manager, "xvdb")).state is JobState.DONE
