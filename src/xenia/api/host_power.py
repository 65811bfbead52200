"""What starts and ends with the host. For administrators."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from xenia.api.answers import AutostartAnswer, JobAnswer, json_response
from xenia.api.bodies import AutostartBody, HostStopBody
from xenia.api.doors import DoorsOf
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.autostart import Linked
from xenia.model.host_run import HostRun

router = Routes("host")

Ref = Annotated[str, Path(max_length=256, description="a domain, or the name of its file in /etc/xen")]


@router.get("/autostart", summary="What starts with the host, in order", responses=answers(AutostartAnswer))
async def autostart(doors: DoorsOf, caller: CallerOf) -> Response:
    power = doors.manager.host_power
    members = await power.members(caller)
    return json_response(to_plain(AutostartAnswer(members, power.obstacle(), _told(power.runs.last))))


def _told(run: HostRun | None) -> HostRun | None:
    """A text may hold a password of VNC."""
    if run is None:
        return None
    return replace(run, rows=tuple(replace(row, text="***" if row.text else "") for row in run.rows))


@router.put("/autostart/{ref}", summary="Let a domain start with the host", responses=answers(Linked))
async def enable(doors: DoorsOf, caller: CallerOf, ref: Ref, body: AutostartBody) -> Response:
    return json_response(to_plain(await doors.manager.host_power.autostart.enable(ref, body.number, caller)))


@router.delete("/autostart/{ref}", summary="Let a domain start with the host no more", responses=answers(Linked))
async def disable(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    return json_response(to_plain(await doors.manager.host_power.autostart.disable(ref, caller)))


@router.post("/host/start", summary="Start what starts with the host", responses=answers(JobAnswer, 200, 202))
async def start(request: Request, doors: DoorsOf, caller: CallerOf, wait: Wait = 0) -> Response:
    return await settle(request, doors, doors.manager.host_power.start(caller), caller, wait)


@router.post("/host/stop", summary="End all domains, as the host goes down", responses=answers(JobAnswer, 200, 202))
async def stop(request: Request, doors: DoorsOf, caller: CallerOf, body: HostStopBody, wait: Wait = 0) -> Response:
    return await settle(request, doors, doors.manager.host_power.stop(body.timeout, caller), caller, wait)
