"""CPU pools: made, filled, emptied, and domains moved between them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from tests.support.world import ROOT, World, crash, read_really
from tests.support.xend import running_xend

from xenia.manager.manager import Manager
from xenia.manager.pools import Pools
from xenia.model.caller import Caller, Role
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.job import Job, JobState
from xenia.model.pool import Pool
from xenia.model.request import CreateRequest
from xenia.model.scope import Scope

WEB = """\
name = "web"
type = "pvh"
kernel = "/boot/vmlinuz"
"""
OPERATOR = Caller(1000, "op", Role.OPERATOR)


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / "web.cfg").write_text(WEB)
    world = World(folder=tmp_path, read=read_really)
    world.host.like_xen = True
    return world


@pytest.fixture
async def manager(world: World) -> AsyncIterator[Manager]:
    manager = world.boot()
    await manager.start()
    yield manager
    await manager.close()


@pytest.fixture
def pools(manager: Manager) -> Pools:
    return manager.pools


async def ended(manager: Manager, job: Job) -> Job:
    return await manager.wait(job.id, 10)


async def start(manager: Manager, file: Path) -> str:
    job = await ended(manager, manager.create(CreateRequest(file.read_text(), str(file)), ROOT))
    assert job.result is not None, job.error
    return str(job.result["uuid"])


async def migrate(manager: Manager, pool: str, scope: Scope = Scope.BOTH) -> Job:
    await manager.inventory.look_up("web")
    return await ended(manager, manager.pools.migrate("web", pool, scope, ROOT))


async def test_a_pool_is_made_filled_renamed_and_removed(pools: Pools) -> None:
    assert await pools.list() == ([Pool("Pool-0", "credit2", (0, 1, 2), 0)], (3,))
    await pools.create("fast", "credit", "3", ROOT)
    await pools.remove("Pool-0", "1-2", ROOT)
    await pools.add("fast", "2", ROOT)
    await pools.rename("fast", "quick", ROOT)
    assert await pools.list() == (
        [Pool("Pool-0", "credit2", (0,), 0), Pool("quick", "credit", (3, 2), 0)],
        (1,),
    )
    await pools.destroy("quick", ROOT)
    await pools.create("empty", "null", "", ROOT)
    assert (await pools.list())[1] == (1, 2, 3)
    await pools.destroy("empty", ROOT)
    await pools.split(ROOT)


Doing = Callable[[Pools], Awaitable[None]]


@pytest.mark.parametrize(
    ("do", "kind", "said"),
    [
        (lambda p: p.create("fast", "sedf", "3", ROOT), ErrorKind.INVALID, "no scheduler 'sedf'"),
        (lambda p: p.create("a b", "credit", "3", ROOT), ErrorKind.INVALID, "'a b' cannot be the name"),
        (lambda p: p.create("-c", "credit", "3", ROOT), ErrorKind.INVALID, "'-c' cannot be the name"),
        (lambda p: p.create("0", "credit", "3", ROOT), ErrorKind.INVALID, "'0' cannot be the name"),
        (lambda p: p.create("x" * 32, "credit", "3", ROOT), ErrorKind.INVALID, "cannot be the name"),
        (lambda p: p.create("Pool-0", "credit", "3", ROOT), ErrorKind.CONFLICT, "'Pool-0' already"),
        (lambda p: p.create("fast", "credit", "2-3", ROOT), ErrorKind.CONFLICT, "CPU 2 is in the pool 'Pool-0'"),
        (lambda p: p.create("fast", "credit", "9", ROOT), ErrorKind.INVALID, "this host does not have"),
        (lambda p: p.create("fast", "credit", "x", ROOT), ErrorKind.INVALID, "'x' names no CPUs"),
        (lambda p: p.destroy("nix", ROOT), ErrorKind.NOT_FOUND, "no CPU pool 'nix'"),
        (lambda p: p.destroy("Pool-0", ROOT), ErrorKind.CONFLICT, "always there"),
        (lambda p: p.add("nix", "3", ROOT), ErrorKind.NOT_FOUND, "no CPU pool 'nix'"),
        (lambda p: p.add("Pool-0", "all", ROOT), ErrorKind.CONFLICT, "CPU 0-2 is in the pool"),
        (lambda p: p.remove("nix", "3", ROOT), ErrorKind.NOT_FOUND, "no CPU pool 'nix'"),
        (lambda p: p.remove("Pool-0", "2-3", ROOT), ErrorKind.CONFLICT, "CPU 3 is not in the pool 'Pool-0'"),
        (lambda p: p.rename("nix", "fast", ROOT), ErrorKind.NOT_FOUND, "no CPU pool 'nix'"),
        (lambda p: p.rename("Pool-0", "Pool-0", ROOT), ErrorKind.CONFLICT, "already"),
        (lambda p: p.rename("Pool-0", "", ROOT), ErrorKind.INVALID, "'' cannot be the name"),
        (lambda p: p.create("fast", "credit", "3", OPERATOR), ErrorKind.DENIED, "administrator"),
        (lambda p: p.split(OPERATOR), ErrorKind.DENIED, "administrator"),
    ],
)
async def test_what_is_in_the_way_is_told(pools: Pools, do: Doing, kind: ErrorKind, said: str) -> None:
    before = await pools.list()
    with pytest.raises(XeniaError, match=said) as raised:
        await do(pools)
    assert raised.value.kind is kind
    assert await pools.list() == before


async def test_a_domain_is_moved_and_stays_there(manager: Manager, world: World, tmp_path: Path) -> None:
    uuid = await start(manager, tmp_path / "web.cfg")
    await manager.pools.create("fast", "credit", "3", ROOT)
    job = await migrate(manager, "fast")
    assert job.result == {"domain": "web", "file": str(tmp_path / "web.cfg"), "notes": ()}, job.error
    assert (tmp_path / "web.cfg").read_text() == WEB + 'pool = "fast"\n'
    assert (await manager.differences("web", ROOT))[1] == ()
    with pytest.raises(XeniaError, match="there are domains in the pool 'fast': 1"):
        await manager.pools.destroy("fast", ROOT)
    with pytest.raises(XeniaError, match="there are other pools already: fast"):
        await manager.pools.split(ROOT)
    world.now += 100
    await crash(world, manager, uuid)
    assert world.host.guests[uuid].pool == "fast"
    assert (await migrate(manager, "Pool-0", Scope.LIVE)).state is JobState.DONE
    assert (tmp_path / "web.cfg").read_text() == WEB + 'pool = "fast"\n'


async def test_where_a_domain_cannot_go_is_told(manager: Manager, tmp_path: Path) -> None:
    await start(manager, tmp_path / "web.cfg")
    await manager.pools.create("empty", "credit", "", ROOT)
    for pool, said in (("nix", "no CPU pool 'nix'"), ("empty", "has no CPUs")):
        error = (await migrate(manager, pool)).error
        assert error is not None
        assert said in error["detail"]
    assert (tmp_path / "web.cfg").read_text() == WEB
    with pytest.raises(XeniaError, match="Domain-0"):
        manager.pools.migrate("0", "empty", Scope.BOTH, ROOT)


async def test_like_qemu_there_are_none(world: World) -> None:
    world.host.like_xen = False
    manager = world.boot()
    await manager.start()
    for call in (manager.pools.list(), manager.pools.create("fast", "credit", "3", ROOT)):
        with pytest.raises(XeniaError, match=r"cpupool-\w+ is not possible"):
            await call
    await manager.close()


async def test_over_the_api(tmp_path: Path) -> None:
    world = World()
    world.host.like_xen = True
    async with running_xend(tmp_path, world) as xend:
        pool = {"name": "Pool-0", "scheduler": "credit2", "cpus": [0, 1, 2], "domains": 0}
        assert (await xend.get("/cpupools")).json() == {"pools": [pool], "free": [3]}
        fast = {"name": "fast", "scheduler": "credit", "cpus": [3], "domains": 0}
        answer = await xend.post("/cpupools", {"name": "fast", "scheduler": "credit", "cpus": "3"})
        assert answer.json() == {"pools": [pool, fast], "free": []}
        await xend.create("a")
        assert (await xend.post("/domains/a/cpupool-migrate", {"pool": "fast"}, wait=10)).status_code == 200
        assert (await xend.client.delete("/v1/cpupools/fast")).status_code == 409
        assert (await xend.post("/cpupools/fast/cpu-remove", {"cpus": "3"})).json()["free"] == [3]
        assert (await xend.post("/cpupools/fast/cpu-add", {"cpus": "3"})).json()["free"] == []
        assert (await xend.post("/cpupools/fast/rename", {"name": "quick"})).status_code == 200
        assert (await xend.post("/cpupools/numa-split")).status_code == 409
        assert (await xend.post("/cpupools", {"name": 7})).status_code == 422
