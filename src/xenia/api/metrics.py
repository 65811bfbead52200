"""What is counted, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from starlette.responses import Response

from xenia.api.doors import DoorsOf
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import PROBLEM_ANSWER
from xenia.api.sight import sight_of
from xenia.lib.exposition import CONTENT_TYPE, Family, Kind, written
from xenia.model.domain import Domain, State
from xenia.model.host import EngineReport, Host
from xenia.model.stats import Stats

router = Routes("host")

_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "OK", "content": {"text/plain": {"schema": {"type": "string"}}}},
    "default": PROBLEM_ANSWER,
}
_MIB = 1 << 20
_DOMAIN = ("domain", "uuid")

Rows = Iterable[tuple[Domain, Stats]]


@router.get("/metrics", summary="What is counted, in the text format of Prometheus", responses=_ANSWERS)
async def metrics(doors: DoorsOf, caller: CallerOf) -> Response:
    """Of the host, and of each domain that runs, by its name and UUID; of those alone for who sees but some."""
    manager = doors.manager
    sight = await sight_of(doors, caller)
    rows = [each for each in (await manager.stats.all()).domains if sight.sees(each[0])]
    families = (
        *(_host(doors.about.version, await manager.host(), manager.engine_report()) if sight.whole else ()),
        *_domains(domain for domain, _ in rows),
        *_cpus(rows),
        *_disks(rows),
        *_cards(rows),
    )
    return Response(written(families), headers={"content-type": CONTENT_TYPE})


def _host(version: str, host: Host, engine: EngineReport) -> Iterator[Family]:
    labels = ("version", "engine", "engine_version", "accelerator")
    about = Family("xenia_info", Kind.GAUGE, "This xend and its engine", labels)
    about.add(1, version, engine.name, engine.version, engine.accelerator)
    yield about
    for name, meaning, value in (
        ("cpus", "CPUs of the host", host.cpus),
        ("memory_bytes", "Memory of the host", host.total_memory * _MIB),
        ("free_memory_bytes", "What of it is free", host.free_memory * _MIB),
    ):
        family = Family(f"xenia_host_{name}", Kind.GAUGE, meaning)
        family.add(value)
        yield family


def _domains(domains: Iterable[Domain]) -> Iterator[Family]:
    def gauge(name: str, meaning: str, *more: str) -> Family:
        return Family(f"xenia_domain_{name}", Kind.GAUGE, meaning, (*_DOMAIN, *more))

    state = gauge("state", "1 for the state that it is in", "state")
    memory = gauge("memory_bytes", "Memory that it has")
    most = gauge("max_memory_bytes", "The most that it may have")
    vcpus = gauge("vcpus", "Virtual CPUs that it has")
    started = gauge("start_time_seconds", "When it was started")
    for domain in domains:
        of = (domain.name, domain.uuid)
        for each in State:
            state.add(int(domain.state is each), *of, each)
        memory.add(domain.memory * _MIB, *of)
        most.add(domain.max_memory * _MIB, *of)
        vcpus.add(domain.vcpus, *of)
        if domain.started_at is not None:
            started.add(domain.started_at, *of)
    yield from (state, memory, most, vcpus, started)


def _counter(name: str, meaning: str, *labels: str) -> Family:
    return Family(f"xenia_domain_{name}_total", Kind.COUNTER, meaning, (*_DOMAIN, *labels))


def _cpus(rows: Rows) -> Iterator[Family]:
    used = _counter("cpu_seconds", "CPU time that it has used", "vcpu")
    waited = _counter("cpu_wait_seconds", "For how long it could have run and waited for a CPU", "vcpu")
    for domain, stats in rows:
        for vcpu in stats.vcpus:
            used.add(vcpu.cpu_time, domain.name, domain.uuid, str(vcpu.number))
            if vcpu.wait is not None:
                waited.add(vcpu.wait, domain.name, domain.uuid, str(vcpu.number))
    yield from (used, waited)


def _disks(rows: Rows) -> Iterator[Family]:
    families = {
        member: _counter(f"disk_{name}", meaning, "disk")
        for member, name, meaning in (
            ("read_bytes", "read_bytes", "Bytes read"),
            ("write_bytes", "written_bytes", "Bytes written"),
            ("reads", "reads", "Requests to read"),
            ("writes", "writes", "Requests to write"),
            ("errors", "errors", "Requests that have failed"),
            ("read_time", "read_time_seconds", "What all requests to read have taken"),
            ("write_time", "write_time_seconds", "What all requests to write have taken"),
        )
    }
    for domain, stats in rows:
        for disk in stats.disks or ():
            for member, family in families.items():
                if (value := getattr(disk, member)) is not None:
                    family.add(value, domain.name, domain.uuid, disk.target)
    yield from families.values()


def _cards(rows: Rows) -> Iterator[Family]:
    families = {
        member: _counter(f"network_{name}", meaning, "card", "interface")
        for member, name, meaning in (
            ("rx_bytes", "receive_bytes", "Bytes that the guest has received"),
            ("tx_bytes", "transmit_bytes", "Bytes that it has sent"),
            ("rx_packets", "receive_packets", "Packets that it has received"),
            ("tx_packets", "transmit_packets", "Packets that it has sent"),
            ("rx_dropped", "receive_dropped", "Packets to it that were dropped"),
            ("tx_dropped", "transmit_dropped", "Packets from it that were dropped"),
        )
    }
    for domain, stats in rows:
        for card in stats.vifs:
            for member, family in families.items():
                family.add(getattr(card, member), domain.name, domain.uuid, str(card.number), card.interface)
    yield from families.values()
