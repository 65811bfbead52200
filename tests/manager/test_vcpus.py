"""Virtual CPUs: more and fewer of them, listed, and bound to CPUs of the host."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.world import ROOT, World, crash, read_really, request
from tests.support.xend import Xend, running_xend

from xenia.manager.manager import Manager
from xenia.manager.pinning import Pin
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.job import Job, JobState
from xenia.model.request import CreateRequest
from xenia.model.scope import Scope
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
        assert (await ended(manager, manager.pinning.pin("a", Pin(0, words), Scope.BOTH, ROOT))).state is JobState.DONE
        assert [each.cpus for _, vcpus in await manager.vcpus.list("a") for each in vcpus] == [cpus]


async def test_what_cannot_be_bound_is_said(world: World, manager: Manager) -> None:
    await ended(manager, manager.create(request("a"), ROOT))
    error = (await ended(manager, manager.pinning.pin("a", Pin(1, "0"), Scope.BOTH, ROOT))).error
    assert error is not None
    assert (error["kind"], error["detail"]) == ("not_found", "domain 'a' has no virtual CPU 1: it has only 0")
    error = (await ended(manager, manager.pinning.pin("a", Pin(0, "99"), Scope.BOTH, ROOT))).error
    assert error is not None
    assert error["detail"] == "'99' names CPUs that this host does not have: it has 0 to 3"
    error = (await ended(manager, manager.pinning.pin("0", Pin(0, "all"), Scope.BOTH, ROOT))).error
    assert error is not None
    assert error["detail"] == "Domain-0 has the host's own CPUs here"
    with pytest.raises(XeniaError, match="would rather run on"):
        manager.pinning.pin("a", Pin(0, "", "0"), Scope.BOTH, ROOT)
    with pytest.raises(XeniaError, match="change nothing"):
        manager.pinning.pin("a", Pin(0, ""), Scope.BOTH, ROOT)
    with pytest.raises(XeniaError, match="role operator"):
        manager.pinning.pin("a", Pin(0, "all"), Scope.BOTH, Caller(1, "v", Role.VIEWER))
    with pytest.raises(XeniaError, match="the host's own CPUs"):
        await manager.vcpus.list("0")


WEB = """\
name = "web"
type = "pvh"
kernel = "/boot/vmlinuz"
vcpus = 2  # of four
maxvcpus = 4
"""


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "xen"
    folder.mkdir()
    (folder / "web.cfg").write_text(WEB)
    return folder


@pytest.fixture
async def kept(etc: Path) -> AsyncIterator[tuple[World, Manager]]:
    """A world with guest files in their own language."""
    world = World(folder=etc, read=read_really)
    manager = world.boot()
    await manager.start()
    yield world, manager
    await manager.close()


async def start(manager: Manager, file: Path) -> str:
    job = await ended(manager, manager.create(CreateRequest(file.read_text(), str(file)), ROOT))
    assert job.result is not None, job.error
    return str(job.result["uuid"])


async def give(
    manager: Manager, count: int, scope: Scope = Scope.BOTH, caller: Caller = ROOT, *, ignore_host: bool = False
) -> dict[str, Any]:
    """The job's result, or its error."""
    await manager.inventory.look_up("web")
    job = await ended(manager, manager.vcpus.set("web", count, scope, caller, ignore_host=ignore_host))
    told = job.result if job.state is JobState.DONE else job.error
    assert told is not None
    return told


async def test_they_come_and_go_now_and_at_the_next_start(kept: tuple[World, Manager], etc: Path) -> None:
    world, manager = kept
    uuid = await start(manager, etc / "web.cfg")
    assert await give(manager, 3) == {"domain": "web", "vcpus": 3, "file": str(etc / "web.cfg"), "notes": ()}
    assert (etc / "web.cfg").read_text() == WEB.replace("= 2 ", "= 3 ")
    assert (await manager.inventory.list())[1].vcpus == 3
    assert (await manager.differences("web", ROOT))[1] == ()
    await give(manager, 1, Scope.LIVE)
    assert (etc / "web.cfg").read_text() == WEB.replace("= 2 ", "= 3 ")
    world.now += 100
    await crash(world, manager, uuid)
    assert len(world.host.guests[uuid].pins) == 1, "as it was when it crashed"
    await give(manager, 4, Scope.LIVE)
    assert (await give(manager, 2, Scope.CONFIG))["vcpus"] is None
    assert len(world.host.guests[uuid].pins) == 4


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        (WEB.replace("maxvcpus = 4\n", ""), WEB.replace("= 2 ", "= 1 ").replace("maxvcpus = 4\n", "maxvcpus = 2\n")),
        (
            WEB.replace("maxvcpus = 4", "vcpu_avail = 3").replace("vcpus = 2 ", "vcpus = 4 "),
            WEB.replace("= 2 ", "= 1 ").replace("maxvcpus = 4\n", "maxvcpus = 4\n"),
        ),
    ],
    ids=["no maxvcpus", "xm's mask"],
)
async def test_the_file_keeps_the_way_up(kept: tuple[World, Manager], etc: Path, text: str, edited: str) -> None:
    _, manager = kept
    (etc / "web.cfg").write_text(text)
    await start(manager, etc / "web.cfg")
    await give(manager, 1)
    assert (etc / "web.cfg").read_text() == edited


async def test_the_bounds_of_cpus_are_told_with_their_numbers(kept: tuple[World, Manager], etc: Path) -> None:
    _, manager = kept
    assert (await give(manager, 5))["detail"] == (
        "the guest file of 'web' lets it have 4 virtual CPUs at most, less than 5"
    )
    (etc / "web.cfg").write_text(WEB.replace("= 4", "= 8"))
    await start(manager, etc / "web.cfg")
    told = await give(manager, 9)
    assert told["detail"] == "domain 'web' may have 8 virtual CPUs at most, not 9"
    assert told["hint"] == "its maxvcpus counts from its next start on: xm config set web maxvcpus=9"
    told = await give(manager, 5)
    assert told["detail"] == "the host has 4 CPUs: 5 virtual ones would wait for each other"
    assert told["hint"] == "if that is meant: xm vcpu-set --ignore-host web 5"
    assert "vcpus = 2" in (etc / "web.cfg").read_text()
    assert (await give(manager, 5, ignore_host=True))["vcpus"] == 5


async def test_a_guest_that_keeps_its_cpus_is_told_with_what_it_has(kept: tuple[World, Manager], etc: Path) -> None:
    world, manager = kept
    world.host.deaf.add("web")
    await start(manager, etc / "web.cfg")
    told = await give(manager, 1)
    assert told["vcpus"] == 2
    assert "has 2 virtual CPUs so far, not 1" in told["notes"][-1]


async def bind(manager: Manager, pin: Pin, scope: Scope = Scope.BOTH) -> dict[str, Any]:
    """The job's result, or its error."""
    await manager.inventory.look_up("web")
    job = await ended(manager, manager.pinning.pin("web", pin, scope, ROOT))
    told = job.result if job.state is JobState.DONE else job.error
    assert told is not None
    return told


async def test_bounds_are_kept_in_the_file_and_over_a_restart(kept: tuple[World, Manager], etc: Path) -> None:
    world, manager = kept
    world.host.like_xen = True
    manager = world.boot()
    await manager.start()
    uuid = await start(manager, etc / "web.cfg")
    file = etc / "web.cfg"
    for pin, cpus, soft in (
        (Pin(None, "0-3,^1"), 'cpus = "0,2-3"', ""),
        (Pin(1, "1"), "cpus = ['0,2-3', '1', '0,2-3', '0,2-3']", ""),
        (Pin(None, "", "0"), "cpus = ['0,2-3', '1', '0,2-3', '0,2-3']", "cpus_soft = 0"),
        (Pin(0, "2", "all"), "cpus = ['2', '1', '0,2-3', '0,2-3']", "cpus_soft = ['all', '0', '0', '0']"),
    ):
        assert (await bind(manager, pin))["file"] == str(file)
        text = file.read_text().replace('"', "'")
        assert text == "\n".join([WEB.replace('"', "'").rstrip(), *filter(None, (cpus, soft)), ""]).replace('"', "'")
        assert (await manager.differences("web", ROOT))[1] == ()
    guest = world.host.guests[uuid]
    assert (guest.pins, guest.soft_pins) == ([(2,), (1,)], {0: None, 1: (0,)})
    await bind(manager, Pin(None, "all", "all"))
    assert file.read_text() == WEB
    assert "has no virtual CPU 4: it has 0 to 3" in (await bind(manager, Pin(4, "0"), Scope.CONFIG))["detail"]
    await manager.close()


async def test_who_may_and_what_has_none(kept: tuple[World, Manager], etc: Path) -> None:
    _, manager = kept
    operator = Caller(1000, "op", Role.OPERATOR)
    with pytest.raises(XeniaError, match="it is not running"):
        await give(manager, 1, Scope.LIVE)
    await start(manager, etc / "web.cfg")
    assert (await give(manager, 1, caller=operator))["file"] == ""
    with pytest.raises(XeniaError, match="administrator"):
        await give(manager, 1, Scope.CONFIG, operator)
    with pytest.raises(XeniaError, match="Domain-0"):
        manager.vcpus.set("0", 1, Scope.BOTH, ROOT)
    await ended(manager, manager.operate("pause", "web", ROOT))
    with pytest.raises(XeniaError, match="it is paused"):
        await give(manager, 2)


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
    answer = await xend.post("/domains/a/vcpu-set", {"count": 1, "scope": "live"}, wait=10)
    assert answer.json()["job"]["result"] == {"domain": "a", "vcpus": 1, "file": "", "notes": []}
    for body in ({"count": 0}, {"count": "1"}, {"count": 1, "scope": "x"}, {}):
        assert (await xend.post("/domains/a/vcpu-set", body)).status_code == 422
