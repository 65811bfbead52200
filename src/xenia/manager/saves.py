"""Saving domains to files, and letting them go on from there.

A domain that is saved to end then is in one place at any moment: it runs on until the file has its name, which comes
last, and no longer once it has. That it is to end is written down before (`Started.saving`), so a new xend looks for
the file and knows.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, cast

from xenia.engines.agent import HasAgents, WorkingAgent
from xenia.engines.base import Saves as SavingEngine
from xenia.engines.base import SaveSink, SaveSource, SavesRunning
from xenia.lib.steps import step
from xenia.manager.freezing import Freezing
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.locks import NameLocks
from xenia.manager.restoring import record_of, refuse_changed, refuse_suspended, refuse_taken
from xenia.manager.table import Entry
from xenia.model.disk import Disk
from xenia.model.domain import Intent, Phase, Saving, Started
from xenia.model.errors import XeniaError, conflict, invalid
from xenia.model.event import EventKind
from xenia.model.host import Capability
from xenia.model.save import Afterwards, DiskStamp, RestoreRequest, SaveInfo, SaveRequest, StoodStill
from xenia.model.seal import Seal

_CLOCK_SECONDS = 5.0

Restored = Callable[[str], Awaitable[None]]
"""Is called with the UUID of a domain that goes on."""


class Sink(SaveSink, Protocol):
    """Where a save is written to."""

    async def finish(self, info: SaveInfo) -> None:
        """Add what the save says of itself, and have all of it on the disk."""

    async def keep(self) -> Seal:
        """Give it its name. By what is returned it is known again."""


class Source(SaveSource, Protocol):
    """An opened save."""

    async def check(self) -> None:
        """Look at every byte. Raises invalid for one that has changed."""

    async def mapped(self) -> Source:
        """With its memory to be mapped by many guests, where the host has room for that. Raises as `fill`."""

    @property
    def untouched(self) -> bool:
        """Whether xend has kept it itself, and nobody has touched it since."""

    def lent(self) -> Source:
        """With its memory to be mapped unchecked by the guest that is in it, where that is worth it."""

    def read_ahead(self) -> None:
        """Have a memory that was lent at hand before the guest asks for it."""


class KeepsSaves(Protocol):
    """The seam to the files: storage.save."""

    def create(self, path: Path, identity: str, tell: Callable[[float], None]) -> AbstractContextManager[Sink]:
        """A new save, that vanishes when the context ends before it was kept."""

    def open(
        self, path: Path, tell: Callable[[float], None], seal: Seal | None = None
    ) -> AbstractAsyncContextManager[Source]:
        """A save, its metadata checked, also against `seal` where there is one."""

    def holds(self, path: Path, identity: str) -> bool:
        """Whether `path` is the save that was begun as `identity`."""

    def stamps(self, disks: Sequence[Disk]) -> tuple[DiskStamp, ...]:
        """How the images of disks are now."""

    def keep_mapped(self, identities: Collection[str]) -> None:
        """Keep the memory of these saves, once it is mapped, until this is called without them."""

    def mapped_size(self, identity: str) -> int:
        """Bytes of the host's memory that the memory of a save takes which is kept to be mapped."""

    def close(self) -> None:
        """Let go of what is kept open."""

    def make_folder(self, folder: Path) -> None:
        """A folder for saves that only xend's own user may enter; it may be there. Raises OSError."""

    def remove(self, path: Path) -> None:
        """Silent when there is none. Raises OSError."""


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
    ) -> Seal:
        """Save a domain that does not run on: it ends, or stays paused. The caller holds the lock of the domain's name.
        `commit` is called when there is no way back.

        Raises a conflict for a domain that is not to be saved or a file that is no save, unavailable where no file can
        be made, and what the engine's save raises: then the guest goes on, and there is no file.
        """
        await self._refuse(entry)
        saving = Saving(request.file, uuid.uuid4().hex)
        with self.files.create(Path(request.file), saving.id, tell) as sink:
            if request.then is Afterwards.END:
                await self.lifecycle.record(entry, saving=saving)
            step(f"writes its memory to {request.file}")
            try:
                traits = await cast(SavingEngine, self.lifecycle.engine).save(entry.started, sink)
                await sink.finish(self._info(entry.started, saving.id, traits))
                commit()
                seal = await sink.keep()
            except BaseException:
                await self._go_on(entry)
                raise
        self.lifecycle.bus.publish(EventKind.SAVED, entry.started, request.file)
        if request.then is Afterwards.END:
            await self.lifecycle.end(entry, EventKind.ENDED, f"saved to {request.file}")
        else:
            await self.lifecycle.pause(entry)
        return seal

    async def copy(
        self, entry: Entry, file: Path, tell: Callable[[float], None], commit: Callable[[], None]
    ) -> StoodStill | None:
        """Save a domain that runs on. Otherwise as `save`; for how long it stood still, None where it was paused."""

        async def nothing() -> None:
            """Only its memory counts."""

        stood = await self.checkpoint(entry, file, uuid.uuid4().hex, tell, nothing, commit)
        self.lifecycle.bus.publish(EventKind.SAVED, entry.started, str(file))
        return stood

    async def checkpoint(
        self,
        entry: Entry,
        file: Path,
        identity: str,
        tell: Callable[[float], None],
        meanwhile: Callable[[], Awaitable[None]],
        commit: Callable[[], None] = lambda: None,
        *,
        mapped: bool = False,
    ) -> StoodStill | None:
        """`copy`, under a name by which the save is known; `meanwhile` is done in the moment of which the save is,
        while the domain stands still. `mapped`: other guests are to map the memory, so it is written beside the state
        of the devices, as of a guest that stands still. Raises as `save`, and what `meanwhile` raises.
        """
        await self._refuse(entry)
        paused = entry.started.paused
        engine = cast(SavingEngine, self.lifecycle.engine)
        why = "others are to map its memory" if mapped or paused else ""
        why = why or await engine.why_not_running(entry.started.uuid)
        with self.files.create(file, identity, tell) as sink:
            step(f"writes its memory to {file}{f', while it stands still: {why}' if why else ', while it runs on'}")
            if why:
                info, seconds = await self._stopped(entry, sink, identity, meanwhile)
            else:
                info, seconds = await self._running(entry, sink, identity, meanwhile)
            await sink.finish(info)
            commit()
            await sink.keep()
        if paused:
            return None
        step(f"it stood still for {seconds:.2f} s")
        return StoodStill(seconds, why)

    async def _stopped(
        self, entry: Entry, sink: Sink, identity: str, meanwhile: Callable[[], Awaitable[None]]
    ) -> tuple[SaveInfo, float]:
        """Save a guest that stands still until its memory is written; the seconds that it did."""
        begun = time.monotonic()
        try:
            traits = await cast(SavingEngine, self.lifecycle.engine).save(entry.started, sink)
            info = self._info(entry.started, identity, traits)
            await meanwhile()
        finally:
            await self._go_on(entry)
        return info, time.monotonic() - begun

    async def _running(
        self, entry: Entry, sink: Sink, identity: str, meanwhile: Callable[[], Awaitable[None]]
    ) -> tuple[SaveInfo, float]:
        """The same of one that runs on while its memory is written."""
        noted: list[SaveInfo] = []

        async def moment() -> None:
            noted.append(self._info(entry.started, identity, {}))
            await meanwhile()

        engine = cast(SavesRunning, self.lifecycle.engine)
        traits, seconds = await engine.save_running(entry.started, sink, moment)
        return replace(noted[-1], traits=traits), seconds

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
            started=replace(started, saving=None, moving=None),
            disks=self._stamps(started),
            traits=traits,
        )

    async def _go_on(self, entry: Entry) -> None:
        """The guest is as it was before."""
        if entry.started.saving is not None:
            await self.lifecycle.note(entry, saving=None)
        if not entry.started.paused:
            await self.lifecycle.engine.unpause(entry.started.uuid)

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

    async def restore(
        self,
        request: RestoreRequest,
        tell: Callable[[float], None],
        then: Restored | None = None,
        seal: Seal | None = None,
    ) -> Entry:
        """Let a domain go on from a save, which stays; `then` is called with its UUID before anybody else has a turn
        with it. One that xend keeps itself has a `seal`; its memory is mapped as it is where this boot of the host has
        written it and nobody has touched it since. Raises as KeepsSaves.open, a conflict where it does not fit here,
        and what Lifecycle.create raises.
        """
        async with self.files.open(Path(request.file), tell, seal) as source:
            info = source.info
            name = info.started.config.name
            if info.started.engine != self.lifecycle.engine.name:
                raise conflict(
                    f"domain '{name}' was saved by the engine {info.started.engine}, and this host has "
                    f"{self.lifecycle.engine.name}",
                    "xm info -c tells why; a guest of one cannot go on under the other",
                )
            step(f"domain {name}, saved on {info.host}")
            async with self.locks(name):
                entry, source = await self._restore(source, request, then)
                if then is not None:
                    await then(entry.started.uuid)
            source.read_ahead()  # whose reading is in the way of what is written down
        await self._set_clock(entry)
        return entry

    async def _restore(self, source: Source, request: RestoreRequest, then: Restored | None) -> tuple[Entry, Source]:
        saved = source.info.started
        refuse_taken(saved, self.lifecycle.table, self.lifecycle.records)
        refuse_suspended(self.lifecycle.records.by_uuid(saved.uuid), request.file)
        if not request.changed:
            word = f"restore --changed {request.file}" if then is None else f"resume --changed {saved.config.name}"
            refuse_changed(source.info, self._stamps(saved), f"xm {word}")
        started = await self._again(saved, source, paused=request.paused)
        if source.untouched and source.info.boot == self.here.boot:
            source = source.lent()
        record = record_of(saved, self.lifecycle.records)
        if then is None:  # the file stays: it may go on from there more than once
            record = replace(record, generation="")
        return await self.lifecycle.create(started, record, source), source

    async def go_on_from(
        self,
        file: Path,
        identity: str,
        become: Callable[[Started], Started],
        tell: Callable[[float], None],
        *,
        mapped: bool = False,
    ) -> Entry:
        """Let a domain go on from a save that `checkpoint` has written, as what `become` makes of what it was. The
        caller has the domain's turn, and knows that its disks are those of that moment. `mapped` shares the memory with
        others that go on from it. Raises as `restore`.
        """
        async with self._checkpointed(file, identity, become, tell) as (started, source):
            source = await source.mapped() if mapped else source
            entry = await self.lifecycle.create(started, record_of(started, self.lifecycle.records), source)
        await self._set_clock(entry)
        return entry

    async def hold_from(self, file: Path, identity: str, become: Callable[[Started], Started]) -> Entry:
        """As `go_on_from` with a mapped memory, up to where the guest would be a domain, and run. Raises as that."""
        async with self._checkpointed(file, identity, become, lambda _: None) as (started, source):
            return await self.lifecycle.hold(started, await source.mapped())

    async def take(self, entry: Entry, started: Started) -> None:
        """Let one that `hold_from` has made go on as the domain `started`. Raises as Lifecycle.take, and then nothing
        is left of it.
        """
        await self.lifecycle.take(entry, started, record_of(started, self.lifecycle.records))
        await self._set_clock(entry)

    @asynccontextmanager
    async def _checkpointed(
        self, file: Path, identity: str, become: Callable[[Started], Started], tell: Callable[[float], None]
    ) -> AsyncIterator[tuple[Started, Source]]:
        async with self.files.open(file, tell) as source:
            if source.info.id != identity:
                raise invalid(f"{file} is not the save that was written there")
            saved = become(source.info.started)
            refuse_taken(saved, self.lifecycle.table, self.lifecycle.records)
            yield await self._again(saved, source, paused=saved.paused), source

    def _stamps(self, started: Started) -> tuple[DiskStamp, ...]:
        """How its images are now, of which those with relative paths lie where its guest file does."""
        return self.files.stamps([disk.absolute(started.definition.folder) for disk in started.config.disks])

    async def _again(self, saved: Started, source: Source, *, paused: bool) -> Started:
        return replace(
            saved,
            domid=await self.lifecycle.new_domid(),
            started_at=self.lifecycle.clock(),
            phase=Phase.STARTING,
            intent=Intent.NONE,
            paused=paused,
            restarts=(),
            trusted=source.trusted and saved.trusted,
        )

    async def _set_clock(self, entry: Entry) -> None:
        """The guest's clock has stood still; an agent that answers sets it."""
        engine = self.lifecycle.engine
        if entry.started.paused or Capability.AGENT_COMMANDS not in engine.capabilities:
            return
        with suppress(XeniaError, asyncio.TimeoutError):
            async with asyncio.timeout(_CLOCK_SECONDS):
                await cast(WorkingAgent, cast(HasAgents, engine).agent(entry.started.uuid)).set_time()
