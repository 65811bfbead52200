"""sched-credit and sched-credit2: who gets how much CPU time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.world import ROOT, World, crash, read_really
from tests.support.xend import running_xend

from xenia.engines.simulated.engine import SimulatedEngine
from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.host import Capability, EngineReport
from xenia.model.job import JobState
from xenia.model.request import CreateRequest
from xenia.model.scheduling import Share
from xenia.model.scope import Scope

WEB = """\
name = "web"
type = "pvh"
kernel = "/boot/vmlinuz"
cpu_weight = 100  # a small one
"""


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "xen"
    folder.mkdir()
    (folder / "web.cfg").write_text(WEB)
    return folder


@pytest.fixture
def world(etc: Path) -> World:
    world = World(folder=etc, read=read_really)
    world.host.like_xen = True
    return world


@pytest.fixture
async def manager(world: World) -> AsyncIterator[Manager]:
    manager = world.boot()
    await manager.start()
    yield manager
    await manager.close()


async def start(manager: Manager, file: Path) -> str:
    job = await manager.wait(manager.create(CreateRequest(file.read_text(), str(file)), ROOT).id, 10)
    assert job.result is not None, job.error
    return str(job.result["uuid"])


async def give(
    manager: Manager,
    weight: int | None = None,
    cap: int | None = None,
    *,
    verb: str = "sched-credit2",
    ref: str = "web",
    scope: Scope = Scope.BOTH,
    caller: Caller = ROOT,
) -> dict[str, Any]:
    """The job's result, or its error."""
    await manager.inventory.look_up(ref)
    job = await manager.wait(manager.scheduling.set(verb, ref, weight, cap, scope, caller).id, 10)
    told = job.result if job.state is JobState.DONE else job.error
    assert told is not None
    return told


async def test_weight_and_cap_now_in_the_file_and_when_it_starts_anew(
    manager: Manager, world: World, etc: Path
) -> None:
    uuid = await start(manager, etc / "web.cfg")
    assert [(domain.name, share) for domain, share in await manager.scheduling.list()] == [
        ("Domain-0", Share("credit2")),
        ("web", Share("credit2", 100)),
    ]
    file = str(etc / "web.cfg")
    assert await give(manager, 512, 50) == {
        "domain": "web",
        "share": {"scheduler": "credit2", "weight": 512, "cap": 50},
        "file": file,
        "notes": (),
    }
    assert (etc / "web.cfg").read_text() == WEB.replace("100 ", "512 ") + "cap = 50\n"
    assert (await give(manager, cap=0, scope=Scope.LIVE))["share"]["weight"] == 512
    world.now += 100
    await crash(world, manager, uuid)
    assert (await manager.scheduling.list("web"))[0][1] == Share("credit2", 512, 0)


async def test_the_file_keeps_the_word_that_it_has_for_the_cap(manager: Manager, etc: Path) -> None:
    (etc / "web.cfg").write_text(WEB + "cpu_cap = 10\n")
    assert (await give(manager, cap=20))["share"] is None
    assert (etc / "web.cfg").read_text() == WEB + "cpu_cap = 20\n"


async def test_the_scheduler_that_is_not_there_is_told_with_the_one_that_is(manager: Manager, etc: Path) -> None:
    await start(manager, etc / "web.cfg")
    told = await give(manager, 512, verb="sched-credit")
    assert told["detail"] == "domain 'web' is run by the scheduler credit2, not credit"
    assert told["hint"] == "say the same to that one: xm sched-credit2 -d web"
    assert (etc / "web.cfg").read_text() == WEB


async def test_the_bounds_of_shares_are_told(manager: Manager, etc: Path) -> None:
    await start(manager, etc / "web.cfg")
    assert (await give(manager, cap=101))["detail"] == "the cap of domain 'web' is 100 at most, not 101"
    with pytest.raises(XeniaError, match="change nothing"):
        await give(manager)
    with pytest.raises(XeniaError, match="role operator"):
        await give(manager, 1, caller=Caller(1, "v", Role.VIEWER))
    (etc / "other.cfg").write_text(WEB.replace('"web"', '"other"'))
    with pytest.raises(XeniaError, match="does not run"):
        await manager.scheduling.list("other")


async def test_domain_0_may_be_given_more_by_an_administrator(manager: Manager, world: World) -> None:
    told = await give(manager, 1024, ref="Domain-0")
    assert (told["share"]["weight"], told["file"]) == (1024, "")
    assert world.host.own_share == Share("credit2", 1024)
    with pytest.raises(XeniaError, match="no guest file"):
        await give(manager, 1024, ref="0", scope=Scope.CONFIG)
    with pytest.raises(XeniaError) as raised:
        await give(manager, 1024, ref="0", caller=Caller(1000, "op", Role.OPERATOR))
    assert raised.value.kind is ErrorKind.DENIED


async def test_like_qemu_domain_0_has_no_share_and_both_words_are_translated(world: World, etc: Path) -> None:
    world.host.like_xen = False
    manager = world.boot()
    await manager.start()
    await start(manager, etc / "web.cfg")
    for verb in ("sched-credit", "sched-credit2"):
        assert (await give(manager, 300, verb=verb))["share"]["scheduler"] == "cgroup"
    assert "is the host itself here" in (await give(manager, 300, ref="0"))["detail"]
    await manager.close()


async def test_where_nothing_is_shared_out_the_reason_is_told(
    world: World, etc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def probe(engine: SimulatedEngine) -> EngineReport:
        return EngineReport("simulated", usable=True, lacks={Capability.SCHEDULING: "there is no cgroup v2"})

    monkeypatch.setattr(SimulatedEngine, "probe", probe)
    manager = world.boot()
    await manager.start()
    await start(manager, etc / "web.cfg")
    for said, call in (
        ("sched-credit2", give(manager, 512)),
        ("sched-credit", give(manager, 512, verb="sched-credit")),
        ("to share CPU time out", manager.scheduling.list()),
    ):
        with pytest.raises(XeniaError, match=rf"{said} is not possible: .*: there is no cgroup v2"):
            await call
    assert (await give(manager, 512, scope=Scope.CONFIG))["file"]
    await manager.close()


async def test_over_the_api(tmp_path: Path) -> None:
    async with running_xend(tmp_path) as xend:
        await xend.create("a")
        answer = await xend.post("/domains/a/sched-credit", {"weight": 512}, wait=10)
        share = {"scheduler": "cgroup", "weight": 512, "cap": 0}
        assert answer.json()["job"]["result"] == {"domain": "a", "share": share, "file": "", "notes": []}
        for path in ("/shares", "/domains/a/share"):
            assert (await xend.get(path)).json() == {"domains": [{"domain": "a", "domid": 1, "share": share}]}
        for body in ({"weight": 0}, {"weight": 65536}, {"cap": -1}, {"weight": "1"}, {"scope": "x"}):
            assert (await xend.post("/domains/a/sched-credit2", body)).status_code == 422
        assert (await xend.post("/domains/a/sched-credit2", {})).status_code == 422
