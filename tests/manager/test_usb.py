"""USB devices of a domain that runs."""

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


async def ended(manager: Manager, job: Job) -> Job:
    return await manager.wait(job.id, 10)


async def run(manager: Manager) -> None:
    assert (await ended(manager, manager.create(request("a"), ROOT))).state is JobState.DONE


def devices(manager: Manager) -> tuple[str, ...]:
    started = manager.inventory.started("a")
    assert started is not None
    return started.config.platform.usb_devices


def of_guest(world: World) -> set[str]:
    started = started_of(world, "a")
    assert started is not None
    return world.host.guests[started.uuid].usb


async def test_a_device_comes_stays_over_a_reset_and_goes(world: World, manager: Manager) -> None:
    await run(manager)
    for text, word in (("tablet", "tablet"), ("hostbus=1,hostaddr=3", "host:1.3")):
        job = await ended(manager, manager.usb.attach("a", text, ROOT))
        assert job.result == {"domain": "a", "device": word}
    assert devices(manager) == ("tablet", "host:1.3")
    assert of_guest(world) == {"tablet", "host:1.3"}
    await ended(manager, manager.operate("reset", "a", ROOT))
    assert (await ended(manager, manager.usb.detach("a", "TABLET", ROOT))).state is JobState.DONE
    assert devices(manager) == ("host:1.3",)
    assert of_guest(world) == {"host:1.3"}


async def test_what_cannot_be_is_said(world: World, manager: Manager) -> None:
    await run(manager)
    await ended(manager, manager.usb.attach("a", "tablet", ROOT))
    for job, kind, detail in (
        (manager.usb.attach("a", "tablet", ROOT), "conflict", "domain 'a' has tablet already"),
        (manager.usb.detach("a", "mouse", ROOT), "not_found", "domain 'a' has no USB device mouse"),
    ):
        error = (await ended(manager, job)).error
        assert error is not None
        assert (error["kind"], error["detail"]) == (kind, detail)
    with pytest.raises(XeniaError) as raised:
        manager.usb.attach("a", "host:1.3", OPERATOR)
    assert raised.value.kind is ErrorKind.DENIED
    with pytest.raises(XeniaError) as raised:
        manager.usb.attach("a", "disk:/etc/shadow", ROOT)
    assert raised.value.kind is ErrorKind.INVALID


async def test_a_refusal_of_the_engine_leaves_it_as_it_was(world: World, manager: Manager) -> None:
    await run(manager)
    for fail_at in range(1, 12):
        world.steps, world.fail_at = 0, fail_at
        job = await ended(manager, manager.usb.attach("a", "mouse", ROOT))
        world.fail_at = None
        assert set(devices(manager)) == of_guest(world)
        if job.state is JobState.DONE:
            await ended(manager, manager.usb.detach("a", "mouse", ROOT))


async def test_over_the_api(tmp_path: Path) -> None:
    async with running_xend(tmp_path) as xend:
        await xend.create("a")
        assert (await xend.post("/domains/a/usb-attach", {"device": "tablet"}, wait=10)).status_code == 200
        config = (await xend.get("/domains/a")).json()["config"]
        assert config["platform"]["usb_devices"] == ["tablet"]
        assert (await xend.post("/domains/a/usb-detach", {"device": "tablet"}, wait=10)).status_code == 200
        for path, body, status in (
            ("a/usb-attach", {"device": "nonsense"}, 422),
            ("a/usb-attach", {}, 422),
            ("a/usb-detach", {"device": "tablet"}, 404),
            ("0/usb-attach", {"device": "tablet"}, 422),
            ("nix/usb-attach", {"device": "tablet"}, 404),
        ):
            assert (await xend.post(f"/domains/{path}", body, wait=10)).status_code == status, path
