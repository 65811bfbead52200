"""Domains: what there is, what one is, and what may be done with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from itertools import zip_longest
from typing import Annotated, Any

from fastapi import Path, Query, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from xenia.api.answers import (
    DifferenceList,
    DomainAnswer,
    DomainList,
    JobAnswer,
    PlanAnswer,
    RunningAnswer,
    StartFileAnswer,
    json_response,
    row,
    without_problem,
)
from xenia.api.bodies import CreateBody, DumpBody, MemoryBody, OperationBody, RenameBody, StartBody
from xenia.api.doors import DoorsOf, doors_of
from xenia.api.jobs import Wait, settle
from xenia.api.peer import CallerOf, identify
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.api.secrets import config_without_secrets, definition_without_secrets
from xenia.api.sight import sight_of
from xenia.lib.codec import to_plain
from xenia.manager.manager import Manager
from xenia.model.agent import Interface
from xenia.model.caller import Caller
from xenia.model.domain import Definition, Domain, Started
from xenia.model.operations import OPERATIONS, Operation
from xenia.model.vif import USER_MODE

router = Routes("domains")

_PLAIN = OperationBody()

Ref = Annotated[str, Path(max_length=256, description="an id, a name, a UUID, or a unique prefix of a name or UUID")]
Interfaces = Annotated[bool, Query(description="with addresses; the agent in the guest is asked for at most a second")]
Addressed = Annotated[bool, Query(description="with the IP addresses of their cards")]
All = Annotated[bool, Query(alias="all", description="also those that are only defined by a guest file")]
Tag = Annotated[str, Query(max_length=64, description="only those that have this tag")]

_OTHER_DOORS = {
    *("create", "console", "rename", "vcpu-pin", "sysrq", "trigger", "qemu-monitor-command", "dump-core", "save"),
    *("suspend", "clone", "vncviewer", "rdp", "screenshot", "send-key"),
    *("block-attach", "block-detach", "block-configure", "block-move", "block-flatten", "block-export"),
    *("block-bitmap-list", "block-bitmap-create", "block-bitmap-delete"),
    *("cd-insert", "cd-eject"),
    *("network-attach", "network-detach"),
    "network-configure",
    *("usb-attach", "usb-detach", "pci-attach", "pci-detach"),
    *("vcpu-set", "sched-credit", "sched-credit2", "cpupool-migrate"),
}


async def list_domains(
    doors: DoorsOf, caller: CallerOf, everything: All = False, addresses: Addressed = False, tag: Tag = ""
) -> Response:
    sight = await sight_of(doors, caller)
    domains = sight.of(await doors.manager.inventory.list(everything=everything))
    if tag:
        domains = tuple(domain for domain in domains if tag in domain.tags)
    if not addresses:
        return json_response({"domains": [row(_told(domain, caller)) for domain in domains]})
    found = await doors.manager.addresses.all()
    return json_response({"domains": [row(_told(domain, caller), found.get(domain.uuid, ())) for domain in domains]})


class _ListRoute(APIRoute):
    """This list is asked for most of all, and FastAPI's injection is the largest part of what it costs: a request that
    has no parameters goes without.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        thorough = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if request.scope["query_string"]:
                return await thorough(request)
            doors = await doors_of(request)
            return await list_domains(doors, await identify(request, doors))

        return handle


router.add(
    "/domains",
    list_domains,
    "GET",
    summary="Domain-0 and what runs, by domain id",
    responses=answers(DomainList),
    route_class_override=_ListRoute,
)


@router.get("/domains/{ref}", summary="One domain and its configuration", responses=answers(DomainAnswer))
async def one_domain(doors: DoorsOf, caller: CallerOf, ref: Ref, interfaces: Interfaces = False) -> Response:
    domain = _told(await doors.manager.inventory.look_up(ref), caller)
    started = doors.manager.inventory.started(ref)
    seen: Sequence[Interface] = ()
    addresses = None
    if interfaces and started is not None:
        seen = await doors.manager.agents.glance(started)
        addresses = await doors.manager.addresses.of(started, seen)
    return json_response(
        {
            "domain": row(domain, addresses),
            "config": to_plain(config_without_secrets(started.config)) if started is not None else None,
            "definition": to_plain(
                definition_without_secrets(started.definition) if started is not None else Definition(domain.file)
            ),
            "macs": to_plain(started.macs if started is not None else ()),
            "bridges": _bridges(doors.manager, started, domain.vifs) if started is not None else (),
            "interfaces": to_plain(seen),
        }
    )


def _bridges(manager: Manager, started: Started, ends: Sequence[str]) -> list[str | None]:
    cards = zip_longest(started.config.vifs, ends[: len(started.config.vifs)])
    return [None if end == USER_MODE else manager.networks.bridge_of(vif) for vif, end in cards]


def _told(domain: Domain, caller: Caller) -> Domain:
    """What is wrong with a guest file may quote it, and not everybody may read it."""
    return domain if caller.administers_host else without_problem(domain)


@router.post("/domains", summary=OPERATIONS["create"].sentence, responses=answers(JobAnswer, 200, 202))
async def create(request: Request, doors: DoorsOf, caller: CallerOf, body: CreateBody, wait: Wait = 0) -> Response:
    return await settle(request, doors, doors.manager.create(body.request(), caller), caller, wait)


@router.post("/plan", summary="What create would do, without doing it", responses=answers(PlanAnswer))
async def plan(doors: DoorsOf, caller: CallerOf, body: CreateBody) -> Response:
    return json_response(to_plain(await doors.manager.plan(body.request(), caller)))


@router.get(
    "/domains/{ref}/start-file",
    summary="The guest file that a domain is to be started from by its name",
    responses=answers(StartFileAnswer),
)
async def start_file(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    return json_response(to_plain(StartFileAnswer(*await doors.manager.starting.file_of(ref, caller))))


@router.get("/domains/{ref}/guest-file", summary="A domain as it runs", responses=answers(RunningAnswer))
async def as_it_runs(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    started, text = await doors.manager.as_it_runs(ref, caller)
    return json_response(to_plain(RunningAnswer(started.config.name, started.domid, text)))


@router.get(
    "/domains/{ref}/differences",
    summary="In what a domain that runs is not as its guest file wants it",
    responses=answers(DifferenceList),
)
async def differences(doors: DoorsOf, caller: CallerOf, ref: Ref) -> Response:
    started, found = await doors.manager.differences(ref, caller)
    return json_response(to_plain(DifferenceList(started.config.name, started.domid, found)))


@router.post(
    "/domains/{ref}/start",
    summary="Start a domain by its name, from its file in /etc/xen",
    responses=answers(JobAnswer, 200, 202),
)
async def start(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: StartBody, wait: Wait = 0
) -> Response:
    job = await doors.manager.starting.start(ref, caller, paused=body.paused)
    return await settle(request, doors, job, caller, wait)


@router.post("/domains/{ref}/rename", summary=OPERATIONS["rename"].sentence, responses=answers(JobAnswer, 200, 202))
async def rename(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: RenameBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.renaming.rename(ref, body.name, caller), caller, wait)


@router.post(
    "/domains/{ref}/dump-core", summary=OPERATIONS["dump-core"].sentence, responses=answers(JobAnswer, 200, 202)
)
async def dump_core(
    request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: DumpBody, wait: Wait = 0
) -> Response:
    await doors.manager.inventory.look_up(ref)
    return await settle(request, doors, doors.manager.dump_core(ref, body.request(), caller), caller, wait)


def _memory_route(operation: str) -> Callable[..., Awaitable[Response]]:
    async def resize(
        request: Request, doors: DoorsOf, caller: CallerOf, ref: Ref, body: MemoryBody, wait: Wait = 0
    ) -> Response:
        await doors.manager.inventory.look_up(ref)
        job = doors.manager.memory.resize(operation, ref, body.size, body.scope, caller)
        return await settle(request, doors, job, caller, wait)

    return resize


def _route(operation: Operation) -> Callable[..., Awaitable[Response]]:
    async def operate(
        request: Request,
        doors: DoorsOf,
        caller: CallerOf,
        ref: Ref,
        body: OperationBody = _PLAIN,
        wait: Wait = 0,
    ) -> Response:
        await doors.manager.inventory.look_up(ref)
        job = doors.manager.operate(operation.name, ref, caller, until_gone=body.until_gone, mode=body.mode)
        return await settle(request, doors, job, caller, wait)

    return operate


_ROUTES = {
    operation.name: _memory_route(operation.name) if operation.name in ("mem-set", "mem-max") else _route(operation)
    for operation in OPERATIONS.values()
    if operation.name not in _OTHER_DOORS and operation.name.partition("-")[0] != "agent"
}

for _name, _endpoint in _ROUTES.items():
    router.add(
        f"/domains/{{ref}}/{_name}",
        _endpoint,
        "POST",
        name=_name,
        summary=OPERATIONS[_name].sentence,
        responses=answers(JobAnswer, 200, 202),
    )
