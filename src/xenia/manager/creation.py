"""From a guest file to a running domain: what create does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from xenia.engines.base import Engine
from xenia.manager.check.checker import meaningful, refuse
from xenia.manager.definitions import ReadGuestFile
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.locks import NameLocks
from xenia.manager.restoring import refuse_suspended
from xenia.manager.table import Entry
from xenia.model.caller import Caller, Role
from xenia.model.complaint import Complaint, Severity
from xenia.model.domain import Definition, DomainConfig, DomainRecord, Started
from xenia.model.errors import GuestFileError, ResourceError, conflict
from xenia.model.reading import Reading
from xenia.model.request import CreateRequest

DisksOf = Callable[[DomainConfig, str], Awaitable[DomainConfig]]
"""What a domain that is about to start writes to, from what its guest file names."""


async def _as_named(config: DomainConfig, file: str) -> DomainConfig:
    del file
    return config


@dataclass(frozen=True, slots=True)
class Creation:
    """`new_uuid` and `new_mac` make what a guest file leaves open; `new_mac` is told the addresses that are taken."""

    engine: Engine
    lifecycle: Lifecycle
    locks: NameLocks
    read: ReadGuestFile
    new_uuid: Callable[[], str]
    new_mac: Callable[[frozenset[str]], str]
    disks_of: DisksOf = _as_named
    """What it writes to."""

    async def create(self, request: CreateRequest, caller: Caller) -> tuple[Entry, tuple[Complaint, ...]]:
        """Start the domain. Raises GuestFileError, and what Lifecycle.create raises."""
        reading = await self.read(request.text, request.file, request.overrides)
        config = meaningful(reading)
        if request.domain and config.name != request.domain:
            raise conflict(
                f"{request.file} defines '{config.name}', not '{request.domain}'",
                f"under that name: xm create {request.file} name={request.domain}; xm list --all shows all files",
            )
        complaints = self._explained(reading, config)
        refuse(complaints)
        definition = Definition(request.file, request.overrides)
        async with self.locks(config.name):
            record = self._record(config, definition)
            started = Started(
                uuid=record.uuid,
                domid=await self.lifecycle.new_domid(),
                config=await self.disks_of(config, request.file),
                definition=definition,
                macs=record.macs,
                engine=self.engine.name,
                started_at=self.lifecycle.clock(),
                paused=request.paused,
                trusted=caller.role >= Role.ADMINISTRATOR,
                abi=record.abi[self.engine.name],
            )
            try:
                entry = await self.lifecycle.create(started, record)
            except ResourceError as error:
                complaint = reading.complain(Severity.ERROR, error.key, error.message, error.hint)
                raise GuestFileError(
                    error.message, (*complaints, complaint), kind=error.kind, hint=error.hint
                ) from error
        notes = (reading.complain(Severity.NOTE, key, note) for key, note in entry.notes)
        return entry, (*complaints, *notes)

    def _explained(self, reading: Reading, config: DomainConfig) -> tuple[Complaint, ...]:
        """All there is to say about a guest file without looking at the host."""
        said = self.engine.explain(config).complaints
        return reading.complaints + tuple(reading.place(complaint) for complaint in said)

    def _record(self, config: DomainConfig, definition: Definition) -> DomainRecord:
        """What was decided for this domain before, with what this start decides anew."""
        records = self.lifecycle.records
        known = records.by_name(config.name)
        if config.uuid is not None and (known is None or known.uuid != config.uuid):
            known = records.by_uuid(config.uuid)
        refuse_suspended(known)
        record = known or DomainRecord(uuid=config.uuid or self.new_uuid(), name=config.name)
        return replace(
            record,
            name=config.name,
            definition=definition,
            macs=self._macs(config, record),
            abi=record.abi | {self.engine.name: self._abi(config, record)},
            ending=None,
        )

    def _macs(self, config: DomainConfig, record: DomainRecord) -> tuple[str, ...]:
        taken = {mac for other in self.lifecycle.records.all() if other.uuid != record.uuid for mac in other.macs}
        taken |= {vif.mac for vif in config.vifs if vif.mac}
        macs: list[str] = []
        for index, vif in enumerate(config.vifs):
            kept = record.macs[index] if index < len(record.macs) else None
            mac = vif.mac or (kept if kept not in taken else None) or self.new_mac(frozenset(taken))
            taken.add(mac)
            macs.append(mac)
        return tuple(macs)

    def _abi(self, config: DomainConfig, record: DomainRecord) -> dict[str, str]:
        """The recorded guest ABI, unless the domain has become one of another kind."""
        board = f"{config.kind}/{config.boot.firmware}"
        known = record.abi.get(self.engine.name)
        if known is not None and known.get("board") == board:
            return known
        return self.engine.abi_of(config) | {"board": board}
