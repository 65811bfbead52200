"""Saving domains to files, and letting them go on from there.

A domain that is saved to end then is in one place at any moment: it runs on until the file has its name, which comes
last, and no longer once it has. That it is to end is written down before (`Started.saving`), so a new xend looks for
the file and knows.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, cast

from xenia.engines.agent import HasAgents, WorkingAgent
from xenia.engines.base import Saves as SavingEngine
from xenia.engines.base import SaveSink, SaveSource
from xenia.manager.freezing import Freezing
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.locks import NameLocks
from xenia.manager.restoring import record_of, refuse_changed, refuse_taken
from xenia.manager.table import Entry
from xenia.model.disk import Disk
from xenia.model.domain import Intent, Phase, Saving, Started
from xenia.model.errors import XeniaError, conflict
from xenia.model.event import EventKind
from xenia.model.host import Capability
from xenia.model.save import Afterwards, DiskStamp, RestoreRequest, SaveInfo, SaveRequest

_CLOCK_SECONDS = 5.0


class Sink(SaveSink, Protocol):
    """Where a save is written to."""

    async def finish(self, info: SaveInfo) -> None:
        """Add what the save says of itself, and have all of it on the disk."""

    async def keep(self) -> None:
        """Give it its name."""


class Source(SaveSource, Protocol):
    """An opened save. `trusted`: nobody but xend can have written it."""

    @property
    def trusted(self) -> bool: ...

    async def check(self) -> None:
        """Look at every byte. Raises invalid for one that has changed."""


class KeepsSaves(Protocol):
    """The seam to the files: storage.save."""

    def create(self, path: Path, identity: str, tell: Callable[[float], None]) -> AbstractContextManager[Sink]:
        """A new save, that vanishes when the context ends before it was kept."""

    def open(self, path: Path, tell: Callable[[float], None]) -> AbstractAsyncContextManager[Source]:
        """A save, its metadata checked."""

    def holds(self, path: Path, identity: str) -> bool:
        """Whether `path` is the save that was begun as `identity`."""

    def stamps(self, disks: Sequence[Disk]) -> tuple[DiskStamp, ...]:
        """How the images of disks are now."""


@dataclass(frozen=True, slots=True)
class Here:
    """This host, as saves name it: its name, this boot of it, and Xenia's version."""

    host: str
    boot: str
    xenia: str


@dataclass(frozen=True, slots=True)
class Saves:
    lifecycle: Lifecycle
    freezing: Freezing
    locks: NameLocks
    files: KeepsSaves
    here: Here

    async def save(
        self, entry: Entry, request: SaveRequest, tell: Callable[[float], None], commit: Callable[[], None]
    ) -> dict[str, Any]:
        """What save does; the caller holds the lock of the domain's name. `commit` is called when there is no way back.

        Raises a conflict for a domain that is not to be saved or a file that is no save, unavailable where no file can
        be made, and what the engine's save raises: then the guest goes on, and there is no file.
        """
        await self._refuse(entry)
        saving = Saving(request.file, uuid.uuid4().hex)
        with self.files.create(Path(request.file), saving.id, tell) as sink:
            if request.then is Afterwards.END:
                await self.lifecycle.record(entry, saving=saving)
            try:
                traits = await cast(SavingEngine, self.lifecycle.engine).save(entry.started, sink)
                await sink.finish(self._info(entry.started, saving.id, traits))
                commit()
                await sink.keep()
            except BaseException:
                await self._go_on(entry)
                raise
        self.lifecycle.bus.publish(EventKind.SAVED, entry.started, request.file)
        await self._then(entry, request)
        return {"file": request.file}

    async def _refuse(self, entry: Entry) -> None:
        name = entry.started.config.name
        if entry.started.foreign:
            raise conflict(f"domain '{name}' was started by others", f"take it over first: xm adopt {name}")
        await self.freezing.thaw_if_frozen(entry)
        if entry.started.frozen:
            raise conflict(
                f"domain '{name}' is frozen, and its agent does not thaw it", f"once it answers: xm agent {name} thaw"
            )

    def _info(self, started: Started, identity: str, traits: dict[str, str]) -> SaveInfo:
        return SaveInfo(
            id=identity,
            saved_at=self.lifecycle.clock(),
            host=self.here.host,
            boot=self.here.boot,
            xenia=self.here.xenia,
            started=replace(started, saving=None),
            disks=self.files.stamps(started.config.disks),
            traits=traits,
        )

    async def _go_on(self, entry: Entry) -> None:
        """The guest is as it was before."""
        if entry.started.saving is not None:
            await self.lifecycle.note(entry, saving=None)
        if not entry.started.paused:
            await self.lifecycle.engine.unpause(entry.started.uuid)

    async def _then(self, entry: Entry, request: SaveRequest) -> None:
        match request.then:
            case Afterwards.END:
                await self.lifecycle.end(entry, EventKind.ENDED, f"saved to {request.file}")
            case Afterwards.PAUSE:
                await self.lifecycle.pause(entry)
            case Afterwards.RUN:
                await self._go_on(entry)

    async def settle(self, entry: Entry) -> bool:
        """What an earlier xend was saving when it died: whether the domain is in its file, and has ended here."""
        saving = entry.started.saving
        if saving is None:
            return False
        if self.files.holds(Path(saving.file), saving.id):
            await self.lifecycle.end(entry, EventKind.ENDED, f"saved to {saving.file}")
            return True
        await self.lifecycle.note(entry, saving=None)
        return False

    async def look(self, file: str, tell: Callable[[float], None]) -> SaveInfo:
        """What a save says of itself, all of it checked. Raises as KeepsSaves.open and Source.check."""
        async with self.files.open(Path(file), tell) as source:
            await source.check()
            return source.info

    async def restore(self, request: RestoreRequest, tell: Callable[[float], None]) -> Entry:
        """Let a domain go on from a save, which stays. Raises as KeepsSaves.open, a conflict where it does not fit
        here, and what Lifecycle.create raises.
        """
        async with self.files.open(Path(request.file), tell) as source:
            info = source.info
            name = info.started.config.name
            if info.started.engine != self.lifecycle.engine.name:
                raise conflict(
                    f"domain '{name}' was saved by the engine {info.started.engine}, and this host has "
                    f"{self.lifecycle.engine.name}",
                    "xm info -c tells why; a guest of one cannot go on under the other",
                )
            async with self.locks(name):
                entry = await self._restore(source, request)
        await self._set_clock(entry)
        return entry

    async def _restore(self, source: Source, request: RestoreRequest) -> Entry:
        saved = source.info.started
        refuse_taken(saved, self.lifecycle.table, self.lifecycle.records)
        if not request.changed:
            refuse_changed(source.info, self.files.stamps(saved.config.disks), request.file)
        started = replace(
            saved,
            domid=await self.lifecycle.new_domid(),
            started_at=self.lifecycle.clock(),
            phase=Phase.STARTING,
            intent=Intent.NONE,
            paused=request.paused,
            restarts=(),
            trusted=source.trusted and saved.trusted,
        )
        return await self.lifecycle.create(started, record_of(saved, self.lifecycle.records), source)

    async def _set_clock(self, entry: Entry) -> None:
        """The guest's clock has stood still; an agent that answers sets it."""
        engine = self.lifecycle.engine
        if entry.started.paused or Capability.AGENT_COMMANDS not in engine.capabilities:
            return
        with suppress(XeniaError, asyncio.TimeoutError):
            async with asyncio.timeout(_CLOCK_SECONDS):
                await cast(WorkingAgent, cast(HasAgents, engine).agent(entry.started.uuid)).set_time()
