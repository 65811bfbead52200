"""A domain as it is shown: one row of xm list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from xenia.engines.base import Figures, Observed
from xenia.manager.lifecycle import state_at_end
from xenia.manager.table import Entry
from xenia.model.domain import (
    ALIVE,
    DOMAIN_0_NAME,
    DOMAIN_0_UUID,
    UNNUMBERED,
    Domain,
    DomainConfig,
    DomainRecord,
    EndReason,
    Kind,
    Phase,
    Started,
    State,
    Suspension,
)
from xenia.model.guest_file import GuestFile
from xenia.model.host import Host


def figures_of(host: Host) -> Figures:
    """Those of Domain-0 where it is the whole host, and no guest of a hypervisor that knows better."""
    return Figures(host.cpu_time, host.total_memory, host.total_memory, host.cpus)


def domain_0(figures: Figures, boot_time: float, engine: str) -> Domain:
    """The host itself, that has run since `boot_time`. All its `figures` are known."""
    return Domain(
        name=DOMAIN_0_NAME,
        uuid=DOMAIN_0_UUID,
        domid=0,
        state=State.RUNNING,
        memory=figures.memory or 0,
        max_memory=figures.max_memory or 0,
        vcpus=figures.vcpus or 0,
        cpu_time=figures.cpu_time,
        kind=Kind.PV,
        engine=engine,
        started_at=boot_time,
    )


def existing(entry: Entry, observed: Observed | None, figures: Figures | None, now: float) -> Domain:
    """A domain that exists; `observed` is what its engine knows of it now, `figures` what it uses. It has no id before
    its engine has given it one. `now` is in seconds since the epoch.
    """
    started, config = entry.started, entry.started.config
    figures = figures or Figures()
    return Domain(
        name=config.name,
        uuid=started.uuid,
        domid=started.domid if started.domid != UNNUMBERED else None,
        state=_state(entry, observed),
        memory=_or(figures.memory, config.memory),
        max_memory=_or(figures.max_memory, config.max_memory or config.memory),
        vcpus=_or(figures.vcpus, config.vcpus),
        cpu_time=figures.cpu_time,
        kind=config.kind,
        engine=started.engine,
        started_at=started.started_at,
        vnc=(observed.vnc if observed is not None else None) or entry.vnc,
        rdp=entry.rdp,
        file=started.definition.file,
        vifs=observed.vifs if observed is not None else (),
        ending=_ending(started, now),
        tags=config.tags,
    )


def _ending(started: Started, now: float) -> str:
    if started.end is None:
        return ""
    how = "it has crashed" if started.end is EndReason.CRASH else "it has ended"
    why = f"{how}: {started.why}" if started.why else how
    if started.restart_at is None:
        return f"{why}; it is preserved until xm destroy"
    return f"{why}; it is started again in {max(0.0, started.restart_at - now):.0f} s"


def _or(figure: int | None, otherwise: int) -> int:
    return otherwise if figure is None else figure


def _state(entry: Entry, observed: Observed | None) -> State:
    started = entry.started
    if started.end is not None:
        return state_at_end(started.end)
    if started.phase is Phase.RUNNING and observed is not None and entry.state in ALIVE:
        return observed.state
    return entry.state


def defined(config: DomainConfig, files: Sequence[GuestFile], engine: str, record: DomainRecord | None) -> Domain:
    """What guest files define and does not run; `record` is what is remembered of it."""
    is_suspended = record is not None and record.suspended is not None
    return Domain(
        name=config.name,
        uuid=record.uuid if record is not None and is_suspended else config.uuid or "",
        domid=None,
        state=State.DEFINED,
        memory=config.memory,
        max_memory=config.max_memory or config.memory,
        vcpus=config.vcpus,
        cpu_time=0.0,
        kind=config.kind,
        engine=engine,
        file=files[0].file,
        files=tuple(file.file for file in files),
        ending=_past(record),
        suspended=is_suspended,
        tags=config.tags,
    )


def suspended(record: DomainRecord, kept: Suspension, engine: str) -> Domain:
    """A suspended domain that no guest file defines."""
    return Domain(
        name=record.name,
        uuid=record.uuid,
        domid=None,
        state=State.DEFINED,
        memory=kept.memory,
        max_memory=kept.memory,
        vcpus=kept.vcpus,
        cpu_time=0.0,
        kind=kept.kind,
        engine=engine,
        ending=_past(record),
        suspended=True,
    )


def _past(record: DomainRecord | None) -> str:
    """What is remembered of a domain that does not run."""
    if record is None:
        return ""
    if record.suspended is not None:
        return f"it was suspended at {_at(record.suspended.at)}: xm resume lets it go on"
    return "" if record.ending is None else f"it ended at {_at(record.ending.at)}: {record.ending.why}"


def _at(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def broken(file: GuestFile, engine: str) -> Domain:
    """A guest file that cannot be used, in the place of what it would define."""
    error = file.errors[0]
    return Domain(
        name=Path(file.file).stem,
        uuid="",
        domid=None,
        state=State.DEFINED,
        memory=0,
        max_memory=0,
        vcpus=0,
        cpu_time=0.0,
        kind=Kind.PV,
        engine=engine,
        file=file.file,
        files=(file.file,),
        problem=f"{error.place}: {error.message}",
    )
