"""PCI devices of the host: given to domains, taken from the host and given back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.world import ROOT, World, request, started_of
from tests.support.xend import running_xend

from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.job import Job, JobState

OPERATOR = Caller(1000, "o", Role.OPERATOR)
CARD = "0000:01:00.0"


async def ended(manager: Manager, job: Job) -> Job:
    return await manager.wait(job.id, 10)


async def run(manager: Manager, name: str = "a") -> None:
    assert (await ended(manager, manager.create(request(name), ROOT))).state is JobState.DONE


async def addresses(manager: Manager) -> list[str]:
    return [device.address for device in await manager.pci.list("a")]


def of_guest(world: World) -> set[str]:
    started = started_of(world, "a")
    assert started is not None
    return world.host.guests[started.uuid].pci


async def test_a_device_is_made_assignable_given_away_and_taken_back(world: World, manager: Manager) -> None:
    await run(manager)
    assert await manager.pci.make_assignable("1:0.0", ROOT) == CARD
    assert [device.address for device in await manager.pci.assignable(ROOT)] == [CARD]
    job = await ended(manager, manager.pci.attach("a", "01:00.0,permissive=1", "", ROOT))
    assert job.result == {"domain": "a", "device": CARD}
    assert await addresses(manager) == [CARD]
    assert of_guest(world) == {CARD}
    await ended(manager, manager.operate("reset", "a", ROOT))
    with pytest.raises(XeniaError, match=f"domain 'a' has the PCI device {CARD}") as raised:
        await manager.pci.take_back("01:00.0", ROOT)
    assert raised.value.hint == f"xm pci-detach a {CARD}"
    assert (await ended(manager, manager.pci.detach("a", "01:00.0", ROOT))).state is JobState.DONE
    assert await addresses(manager) == []
    assert of_guest(world) == set()
    await manager.pci.take_back("01:00.0", ROOT)
    assert await manager.pci.assignable(ROOT) == ()


async def test_what_cannot_be_is_said(world: World, manager: Manager) -> None:
    await run(manager)
    await run(manager, "b")
    world.host.assignable.add(CARD)
    for job, kind, detail in (
        (manager.pci.attach("a", "02:00.0", "", ROOT), "conflict", "PCI device 0000:02:00.0 is the host's own"),
        (manager.pci.detach("a", "01:00.0", ROOT), "not_found", f"domain 'a' has no PCI device {CARD}"),
    ):
        error = (await ended(manager, job)).error
        assert error is not None
        assert (error["kind"], error["detail"]) == (kind, detail)
    await ended(manager, manager.pci.attach("a", "01:00.0", "", ROOT))
    error = (await ended(manager, manager.pci.attach("b", "01:00.0", "", ROOT))).error
    assert error is not None
    assert error["detail"] == f"domain 'a' has the PCI device {CARD} already"
    with pytest.raises(XeniaError) as raised:
        manager.pci.attach("a", "01:00.0", "", OPERATOR)
    assert raised.value.kind is ErrorKind.DENIED
    with pytest.raises(XeniaError) as raised:
        await manager.pci.assignable(OPERATOR)
    assert raised.value.kind is ErrorKind.DENIED
    for text, slot in (("nonsense", ""), ("01:00.*", ""), ("01:00.0", "99")):
        with pytest.raises(XeniaError) as raised:
            manager.pci.attach("a", text, slot, ROOT)
        assert raised.value.kind is ErrorKind.INVALID
    assert of_guest(world) == {CARD}


async def test_a_refusal_of_the_engine_leaves_it_as_it_was(world: World, manager: Manager) -> None:
    await run(manager)
    world.host.assignable.add(CARD)
    for fail_at in range(1, 12):
        world.steps, world.fail_at = 0, fail_at
        job = await ended(manager, manager.pci.attach("a", "01:00.0", "", ROOT))
        world.fail_at = None
        assert set(await addresses(manager)) == of_guest(world)
        if job.state is JobState.DONE:
            await ended(manager, manager.pci.detach("a", "01:00.0", ROOT))


async def test_over_the_api(tmp_path: Path) -> None:
    async with running_xend(tmp_path) as xend:
        await xend.create("a")
        assert (await xend.post("/host/pci-assignable-add", {"device": "01:00.0"})).json() == {"text": CARD}
        assert (await xend.get("/host/pci")).json()["devices"][0]["address"] == CARD
        assert (await xend.post("/domains/a/pci-attach", {"device": "01:00.0"}, wait=10)).status_code == 200
        assert (await xend.get("/domains/a/pci")).json() == {"devices": [{"address": CARD, "item": CARD}]}
        assert (await xend.post("/host/pci-assignable-remove", {"device": "01:00.0"})).status_code == 409
        assert (await xend.post("/domains/a/pci-detach", {"device": "01:00.0"}, wait=10)).status_code == 200
        assert (await xend.post("/host/pci-assignable-remove", {"device": "01:00.0"})).status_code == 200
        for path, body, status in (
            ("/domains/a/pci-attach", {"device": "nonsense"}, 422),
            ("/domains/a/pci-attach", {"device": "01:00.0"}, 409),
            ("/domains/a/pci-attach", {}, 422),
            ("/domains/a/pci-detach", {"device": "01:00.0"}, 404),
            ("/domains/0/pci-attach", {"device": "01:00.0"}, 422),
            ("/domains/nix/pci-attach", {"device": "01:00.0"}, 404),
            ("/host/pci-assignable-add", {"device": "x"}, 422),
        ):
            assert (await xend.post(path, body, wait=10)).status_code == status, (path, body)
        assert (await xend.get("/domains/nix/pci")).status_code == 404
        assert (await xend.get("/domains/0/pci")).status_code == 409
