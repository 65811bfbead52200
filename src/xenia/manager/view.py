"""A domain as it is shown: one row of xm list."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from xenia.engines.base import Observed
from xenia.manager.table import Entry
from xenia.model.domain import (
    ALIVE,
    DOMAIN_0_NAME,
    DOMAIN_0_UUID,
    Domain,
    DomainConfig,
    EndReason,
    Kind,
    Phase,
    State,
)
from xenia.model.host import Host


def domain_0(host: Host, engine: str) -> Domain:
    """The host itself."""
    return Domain(
        name=DOMAIN_0_NAME,
        uuid=DOMAIN_0_UUID,
        domid=0,
        state=State.RUNNING,
        memory=host.total_memory,
        max_memory=host.total_memory,
        vcpus=host.cpus,
        cpu_time=host.cpu_time,
        kind=Kind.PV,
        engine=engine,
        started_at=host.boot_time,
    )


def existing(entry: Entry, observed: Observed | None, cpu_times: Mapping[str, float]) -> Domain:
    """A domain with an id; `observed` is what its engine knows of it now."""
    started, config = entry.started, entry.started.config
    return Domain(
        name=config.name,
        uuid=started.uuid,
        domid=started.domid,
        state=_state(entry, observed),
        memory=config.memory,
        max_memory=config.max_memory or config.memory,
        vcpus=config.vcpus,
        cpu_time=cpu_times.get(started.uuid, 0.0),
        kind=config.kind,
        engine=started.engine,
        started_at=started.started_at,
        vnc=observed.vnc if observed is not None else None,
        file=started.definition.file,
        vifs=observed.vifs if observed is not None else (),
    )


def _state(entry: Entry, observed: Observed | None) -> State:
    started = entry.started
    if started.end is not None:
        return State.CRASHED if started.end is EndReason.CRASH else State.SHUTDOWN
    if started.phase is Phase.RUNNING and observed is not None and entry.state in ALIVE:
        return observed.state
    return entry.state


def defined(config: DomainConfig, path: Path, engine: str) -> Domain:
    """What a guest file names and does not run."""
    return Domain(
        name=config.name,
        uuid=config.uuid or "",
        domid=None,
        state=State.DEFINED,
        memory=config.memory,
        max_memory=config.max_memory or config.memory,
        vcpus=config.vcpus,
        cpu_time=0.0,
        kind=config.kind,
        engine=engine,
        file=str(path),
    )
