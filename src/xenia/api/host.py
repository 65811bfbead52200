"""The host and its engine."""

from __future__ import annotations

from starlette.responses import Response

from xenia.api.answers import HostAnswer, json_response
from xenia.api.bodies import ImportBody, SettingsBody
from xenia.api.doors import Doors, DoorsOf
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.old_config import Imported
from xenia.model.setting import SettingsChange, SettingsReport
from xenia.model.topology import Topology

router = Routes("host")


@router.get("/host", summary="The host, what its engine can do, and this xend", responses=answers(HostAnswer))
async def host(doors: DoorsOf) -> Response:
    return json_response(to_plain(await host_answer(doors)))


async def host_answer(doors: Doors) -> HostAnswer:
    """Raises XeniaError where the engine does not answer."""
    manager = doors.manager
    return HostAnswer(
        await manager.host(),
        manager.engine_report(),
        manager.choice,
        manager.other_reports(),
        doors.about,
        manager.unfiltered,
        manager.warm.total(),
    )


@router.get("/host/topology", summary="The host's CPUs and NUMA nodes", responses=answers(Topology))
async def topology(doors: DoorsOf) -> Response:
    return json_response(to_plain(await doors.manager.debugging.topology()))


@router.get("/host/settings", summary="The settings, and where they come from", responses=answers(SettingsReport))
async def settings(doors: DoorsOf) -> Response:
    return json_response(to_plain(doors.settings.keeper.report()))


@router.patch(
    "/host/settings",
    summary="Change settings in xend.toml, or variables of the registry",
    responses=answers(SettingsChange),
)
async def change_settings(doors: DoorsOf, caller: CallerOf, body: SettingsBody) -> Response:
    return json_response(to_plain(await doors.settings.change(body.changes, caller)))


@router.post(
    "/host/settings/import",
    summary="What xend-config.sxp of xend of old becomes, and the change of xend.toml",
    responses=answers(Imported),
)
async def import_settings(doors: DoorsOf, caller: CallerOf, body: ImportBody) -> Response:
    return json_response(to_plain(await doors.old_config.imported(body.text, body.file, caller, write=body.write)))
