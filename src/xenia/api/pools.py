"""CPU pools. Each change answers with what there is then."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from xenia.api.answers import JobAnswer, PoolList, json_response
from xenia.api.bodies import NewPoolBody, PoolBody, PoolCpusBody, RenameBody
from xenia.api.domains import Ref
from xenia.api.doors import Doors, DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.operations import OPERATIONS

router = Routes("host")

Name = Annotated[str, Path(max_length=64, description="the name of a CPU pool")]


@router.get("/cpupools", summary="The CPU pools, and the CPUs that are in none", responses=answers(PoolList))
async def pools(doors: DoorsOf) -> Response:
    return await _told(doors)


@router.post("/cpupools", summary="Make a CPU pool", responses=answers(PoolList))
async def create(doors: DoorsOf, caller: CallerOf, body: NewPoolBody) -> Response:
    await doors.manager.pools.create(body.name, body.scheduler, body.cpus, caller)
    return await _told(doors)


@router.post("/cpupools/numa-split", summary="Make a pool of each NUMA node", responses=answers(PoolList))
async def numa_split(doors: DoorsOf, caller: CallerOf) -> Response:
    await doors.manager.pools.split(caller)
    return await _told(doors)


@router.delete("/cpupools/{name}", summary="Remove a CPU pool", responses=answers(PoolList))
async def destroy(doors: DoorsOf, caller: CallerOf, name: Name) -> Response:
    await doors.manager.pools.destroy(name, caller)
    return await _told(doors)


@router.post("/cpupools/{name}/cpu-add", summary="Put CPUs of the host into a pool", responses=answers(PoolList))
async def add_cpus(doors: DoorsOf, caller: CallerOf, name: Name, body: PoolCpusBody) -> Response:
    await doors.manager.pools.add(name, body.cpus, caller)
    return await _told(doors)


@router.post("/cpupools/{name}/cpu-remove", summary="Take CPUs out of a pool", responses=answers(PoolList))
async def remove_cpus(doors: DoorsOf, caller: CallerOf, name: Name, body: PoolCpusBody) -> Response:
    await doors.manager.pools.remove(name, body.cpus, caller)
    return await _told(doors)


@router.post("/cpupools/{name}/rename", summary="Give a CPU pool another name", responses=answers(PoolList))
async def rename(doors: DoorsOf, caller: CallerOf, name: Name, body: RenameBody) -> Response:
    await doors.manager.pools.rename(name, body.name, caller)
    return await _told(doors)


@router.post(
    "/domains/{ref}/cpupool-migrate",
    summary=OPERATIONS["cpupool-migrate"].sentence,
    responses=answers(JobAnswer, 200, 202),
)
async def migrate(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: PoolBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.pools.migrate(ref, body.pool, body.scope, caller), caller, wait)


async def _told(doors: Doors) -> Response:
    found, free = await doors.manager.pools.list()
    return json_response(to_plain(PoolList(tuple(found), free)))
