"""Virtual CPUs: listed, and bound to CPUs of the host."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.world import ROOT, World, request
from tests.support.xend import Xend, running_xend

from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.job import Job, JobState
from xenia.model.vcpu import read_cpus, said


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("all", None),
        ("0-3", None),
        ("2", (2,)),
        ("0-1,3", (0, 1, 3)),
        ("all,^1", (0, 2, 3)),
        ("0-3, ^2-3", (0, 1)),
        ("ALL", None),
    ],
)
def test_cpus_are_read(text: str, cpus: tuple[int, ...] | None) -> None:
    assert read_cpus(text, 4) == cpus
    if cpus is not None:
        assert read_cpus(said(cpus), 4) == cpus


@pytest.mark.parametrize("text", ["", "4", "0-9", "3-1", "x", "1-", "-1", "1,,2", "^0", "all,^0-3", "٣", "9" * 9])
def test_cpus_that_there_are_not_are_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(XeniaError) as raised:
        read_cpus(text, 4)
    assert raised.value.kind is ErrorKind.INVALID
    assert raised.value.hint or "0 to 3" in raised.value.message


def test_cpus_are_said_briefly() -> None:
    assert said((0, 1, 2, 5, 7, 8)) == "0-2,5,7-8"


async def ended(manager: Manager, job: Job) -> Job:
    return await manager.wait(job.id, 10)


async def test_they_are_bound_and_let_go(world: World, manager: Manager) -> None:
    await ended(manager, manager.create(request("a"), ROOT))
    ((domain, vcpus),) = await manager.vcpus.list()
    assert (domain.name, [each.cpus for each in vcpus]) == ("a", [None])
    for words, cpus in (("1,2", (1, 2)), ("all", None)):
        assert (await ended(manager, manager.vcpus.pin("a", 0, words, ROOT))).state is JobState.DONE
        assert [each.cpus for _, vcpus in await manager.vcpus.list("a") for each in vcpus] == [cpus]


async def test_what_cannot_be_bound_is_said(world: World, manager: Manager) -> None:
    await ended(manager, manager.create(request("a"), ROOT))
    error = (await ended(manager, manager.vcpus.pin("a", 1, "0", ROOT))).error
    assert error is not None
    assert (error["kind"], error["detail"]) == ("not_found", "domain 'a' has no virtual CPU 1: it has only 0")
    error = (await ended(manager, manager.vcpus.pin("a", 0, "99", ROOT))).error
    assert error is not None
    assert error["detail"] == "'99' names CPUs that this host does not have: it has 0 to 3"
    with pytest.raises(XeniaError, match="Domain-0"):
        manager.vcpus.pin("0", 0, "all", ROOT)
    with pytest.raises(XeniaError, match="role operator"):
        manager.vcpus.pin("a", 0, "all", Caller(1, "v", Role.VIEWER))
    with pytest.raises(XeniaError, match="the host's own CPUs"):
        await manager.vcpus.list("0")


async def test_over_the_api(tmp_path: Path) -> None:
    async with running_xend(tmp_path) as xend:
        await over_the_api(xend)


async def over_the_api(xend: Xend) -> None:
    await xend.create("a")
    answer = await xend.post("/domains/a/vcpu-pin", {"vcpu": None, "cpus": "0-1"}, wait=10)
    assert answer.status_code == 200, answer.text
    for path in ("/vcpus", "/domains/a/vcpus"):
        (told,) = (await xend.get(path)).json()["domains"]
        assert (told["domain"], told["domid"], told["vcpus"][0]["cpus"]) == ("a", 1, [0, 1])
    assert (await xend.get("/domains/0/vcpus")).status_code == 409
    assert (await xend.post("/domains/a/vcpu-pin", {"vcpu": -1, "cpus": "0"})).status_code == 422
