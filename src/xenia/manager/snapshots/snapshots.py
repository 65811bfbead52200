"""Snapshots: the use cases, each as a job that has the domain's turn."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from xenia.lib.codec import to_plain
from xenia.manager.cloning.identity import refuse_devices
from xenia.manager.cloning.warm import MOST as MOST_WARM
from xenia.manager.cloning.warm import WarmClones
from xenia.manager.guest_files import GuestFiles
from xenia.manager.inventory import Inventory
from xenia.manager.jobs import Jobs
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.restoring import refuse_suspended
from xenia.manager.snapshots.current import CurrentDisks
from xenia.manager.snapshots.making import KeepsOverlays, Making
from xenia.manager.snapshots.reverting import Reverting
from xenia.manager.snapshots.shown import diff_of, shown
from xenia.manager.snapshots.sweeping import Sweeping
from xenia.manager.snapshots.tidying import Tidying
from xenia.manager.snapshots.tree import by_name, warmed, without
from xenia.manager.table import Entry
from xenia.manager.turns import Turns, still_runs
from xenia.model.caller import Caller
from xenia.model.domain import ALIVE, DOMAIN_0_UUID, Domain, DomainConfig, DomainRecord
from xenia.model.errors import XeniaError, conflict, invalid, not_found
from xenia.model.host import Capability, EngineReport
from xenia.model.job import Job
from xenia.model.operations import SNAPSHOT_OPERATIONS, Operation, able, require
from xenia.model.save import StoodStill
from xenia.model.snapshot import Snapshot, SnapshotDiff, SnapshotRequest, SnapshotShown, SnapshotTree
from xenia.store.snapshots import SnapshotTrees

log = logging.getLogger(__name__)

_NAME = 100


@dataclass(frozen=True, slots=True)
class Turn:
    """A domain when its turn has come: `entry` where it runs, `config` what it writes to."""

    name: str
    record: DomainRecord
    entry: Entry | None
    config: DomainConfig
    file: str


@dataclass(frozen=True, slots=True)
class Snapshots:
    lifecycle: Lifecycle
    inventory: Inventory
    turns: Turns
    jobs: Jobs
    guest_files: GuestFiles
    trees: SnapshotTrees
    current: CurrentDisks
    images: KeepsOverlays
    making: Making
    reverting: Reverting
    tidying: Tidying
    sweeping: Sweeping
    warm: WarmClones
    report: Callable[[], EngineReport]
    new_uuid: Callable[[], str]

    def create(self, ref: str, request: SnapshotRequest, caller: Caller) -> Job:
        """Make a snapshot; the result has `snapshot`, a SnapshotShown, and of a domain that stood still for its memory
        `stood_still` (a StoodStill). It can be cancelled.

        Raises not_found, denied, invalid for a name that can be none, and for what the engine cannot do. Fails with a
        conflict for a name that is taken, and as Making.make.
        """
        _refuse_name(request.name)

        async def work(turn: Turn, tell: Callable[[float], None]) -> dict[str, Any]:
            tree = self.trees.of(turn.record.uuid)
            name = request.name or _made_up(tree)
            if by_name(tree, name) is not None:
                raise conflict(f"domain '{turn.name}' has a snapshot '{name}' already", f"xm snapshot list {turn.name}")
            if request.memory and turn.entry is None:
                raise conflict(f"domain '{turn.name}' does not run: it has no memory", "leave --memory away")
            _, stood = await self.make(turn, name, request.description, caller, memory=request.memory, tell=tell)
            made = to_plain(self._one(self.trees.of(turn.record.uuid), name))
            return {"snapshot": made, "stood_still": None if stood is None else to_plain(stood)}

        return self.start(SNAPSHOT_OPERATIONS["snapshot create"], ref, caller, work, cancellable=True)

    async def make(
        self,
        turn: Turn,
        name: str,
        description: str,
        caller: Caller,
        *,
        memory: bool,
        tell: Callable[[float], None],
    ) -> tuple[Snapshot, StoodStill | None]:
        """Make a snapshot of a domain whose turn it is; one without a name lasts as long as others are based on its
        layers. For how long the domain stood still for its memory, too. Raises what speaks against it, and as
        Making.make.
        """
        if turn.entry is not None:
            self._refuse_running(turn.entry, memory=memory)
        text = await self._text(turn, caller) if name else ""
        now = self.lifecycle.clock()
        snapshot = Snapshot(self.making.new_id(), name, now, turn.config, description=description, text=text)
        tree = self.trees.of(turn.record.uuid)
        try:
            tree, stood = await self.making.make(tree, snapshot, turn.file, turn.entry, memory=memory, tell=tell)
        except Exception:
            with suppress(XeniaError, OSError):  # where its memory could not be written, the disks have a layer more
                await self.tidying.tidy(self.trees.of(turn.record.uuid), turn.entry, tell)
            raise
        return tree.snapshots[-1], stood

    def find(self, turn: Turn, name: str) -> Snapshot:
        """The snapshot of that name. Raises not_found."""
        return _found(self.trees.of(turn.record.uuid), name, turn.name)

    def _refuse_running(self, entry: Entry, *, memory: bool) -> None:
        name, report = entry.started.config.name, self.report()
        if entry.started.foreign:
            raise conflict(f"domain '{name}' was started by others", f"take it over first: xm adopt {name}")
        if entry.state not in ALIVE:
            raise conflict(
                f"domain '{name}' has ended and is preserved", f"remove what is left of it: xm destroy {name}"
            )
        operation = SNAPSHOT_OPERATIONS["snapshot create"]
        able(replace(operation, capability=Capability.LAYERS), report)
        if memory:
            able(replace(operation, capability=Capability.SAVE), report)

    async def _text(self, turn: Turn, caller: Caller) -> str:
        if not self.guest_files.definitions.of(turn.name):
            return ""
        try:
            return (await self.guest_files.show(turn.name, caller)).text
        except XeniaError:
            return ""

    def revert(self, ref: str, name: str, caller: Caller) -> Job:
        """Have the domain go back; the result has `snapshot`, `domid` (or None) and `notes`. Fails as Reverting.revert,
        and with not_found.
        """

        async def work(turn: Turn, tell: Callable[[float], None]) -> dict[str, Any]:
            tree = self.trees.of(turn.record.uuid)
            _found(tree, name, turn.name)
            await self.warm.end(tree.uuid)  # they would keep images from being merged
            tree = await self.tidying.tidy(tree, turn.entry, tell)  # a merge that was cut off has changed headers
            snapshot = _found(tree, name, turn.name)
            if turn.entry is not None and turn.entry.started.foreign:
                raise conflict(f"domain '{turn.name}' was started by others", f"xm adopt {turn.name}")
            if snapshot.memory:
                able(replace(SNAPSHOT_OPERATIONS["snapshot revert"], capability=Capability.SAVE), self.report())
            tree, entry, notes = await self.reverting.revert(tree, snapshot, turn.name, turn.entry, caller, tell)
            tree = await self.tidying.tidy(tree, entry, tell)
            domid = entry.started.domid if entry is not None else None
            return {"snapshot": to_plain(self._one(tree, snapshot.name)), "domid": domid, "notes": list(notes)}

        return self.start(SNAPSHOT_OPERATIONS["snapshot revert"], ref, caller, work)

    def delete(self, ref: str, name: str, caller: Caller) -> Job:
        """Delete a snapshot, or with the name "" all of them; what only they need is merged away. The result has
        `deleted`, their names, and `left`, how many layers could not be merged yet. Cancelled, the snapshot is gone and
        what is left of it is merged the next time. Fails with not_found, and as Tidying.tidy.
        """

        async def work(turn: Turn, tell: Callable[[float], None]) -> dict[str, Any]:
            tree = self.trees.of(turn.record.uuid)
            doomed = [_found(tree, name, turn.name)] if name else [each for each in tree.snapshots if not each.deleted]
            await self.warm.end(tree.uuid)
            tree = self.trees.of(tree.uuid)
            for snapshot in doomed:
                tree = without(tree, snapshot)
            await self.trees.save(tree)
            tree = await self.sweeping.sweep(tree)
            tree = await self.tidying.tidy(tree, turn.entry, tell)
            left = sum(len(each.layers) for each in tree.snapshots if each.deleted)
            return {"deleted": [each.name for each in doomed], "left": left}

        return self.start(SNAPSHOT_OPERATIONS["snapshot delete"], ref, caller, work, cancellable=True)

    def keep_warm(self, ref: str, name: str, count: int, caller: Caller) -> Job:
        """Hold `count` clones of a snapshot ready from now on, made in the background; 0 ends them. The result has
        `snapshot`, a SnapshotShown.

        Raises not_found, denied, invalid for a number that cannot be, and for what the engine cannot do. Fails with
        not_found, and a conflict for a snapshot without memory, for disks on which no clone can be based, and where the
        settings want none.
        """
        operation = SNAPSHOT_OPERATIONS["snapshot warm"]
        if not 0 <= count <= MOST_WARM:
            raise invalid(f"{count} clones cannot be held ready", f"0 to {MOST_WARM} of a snapshot can")
        if count:
            able(replace(operation, capability=Capability.LAYERS, instead=""), self.report())

        async def work(turn: Turn, tell: Callable[[float], None]) -> dict[str, Any]:
            del tell
            tree = self.trees.of(turn.record.uuid)
            snapshot = _found(tree, name, turn.name)
            if count:
                self._refuse_warm(turn, snapshot)
            tree = warmed(tree, snapshot, count)
            await self.trees.save(tree)
            if not count:
                await self.warm.end(tree.uuid)
                tree = await self.sweeping.sweep(self.trees.of(tree.uuid))
            self.warm.refill()
            return {"snapshot": to_plain(self._one(tree, snapshot.name))}

        return self.start(operation, ref, caller, work)

    def _refuse_warm(self, turn: Turn, snapshot: Snapshot) -> None:
        if not self.warm.enabled:
            raise conflict("the settings of this host want no clones held ready", "xm config settings warm_clones=true")
        if not snapshot.memory:
            raise conflict(
                f"the snapshot '{snapshot.name}' of '{turn.name}' has no memory: a clone of it begins by booting",
                f"make one with memory while the domain runs: xm snapshot create -m {turn.name}",
            )
        refuse_devices(turn.name, snapshot.config)

    async def list(self, ref: str, caller: Caller) -> tuple[SnapshotShown, ...]:
        """The snapshots of a domain, the oldest first. Raises denied, not_found."""
        require(caller.role, SNAPSHOT_OPERATIONS["snapshot list"])
        tree = self.trees.of(self._uuid(self.inventory.find(ref)))
        return shown(tree, self.images.allocated, self.warm.shown)

    async def show(self, ref: str, name: str, caller: Caller) -> tuple[SnapshotShown, Snapshot]:
        """One of them. Raises also not_found for the snapshot."""
        require(caller.role, SNAPSHOT_OPERATIONS["snapshot show"])
        domain = self.inventory.find(ref)
        tree = self.trees.of(self._uuid(domain))
        found = _found(tree, name, domain.name)
        return self._one(tree, found.name), found

    async def diff(self, ref: str, old: str, new: str, caller: Caller) -> SnapshotDiff:
        """In what the snapshot `new`, or with "" the domain now, differs from the snapshot `old`. Raises as `show`."""
        require(caller.role, SNAPSHOT_OPERATIONS["snapshot diff"])
        domain = self.inventory.find(ref)
        tree = self.trees.of(self._uuid(domain))
        before = _found(tree, old, domain.name)
        after = _found(tree, new, domain.name) if new else None
        text = after.text if after is not None else ""
        if after is None and self.guest_files.definitions.of(domain.name) and before.text:
            text = (await self.guest_files.show(domain.name, caller)).text
        return diff_of(tree, before, after, text, self.images.allocated)

    def _one(self, tree: SnapshotTree, name: str) -> SnapshotShown:
        told = shown(tree, self.images.allocated, self.warm.shown)
        return next(each for each in told if each.name == name)

    def start(
        self,
        operation: Operation,
        ref: str,
        caller: Caller,
        work: Callable[[Turn, Callable[[float], None]], Awaitable[dict[str, Any]]],
        *,
        cancellable: bool = False,
    ) -> Job:
        """Do `work` to the domain that `ref` names, running or not, as a job; its result has `domain`, and what `work`
        tells. Raises denied, not_found.
        """
        require(caller.role, operation)
        domain = self.inventory.find(ref)
        _refuse_host(operation, domain)

        async def do() -> dict[str, Any]:
            async with self.turns.of(domain):
                turn = await self._turn(domain)
                return {"domain": turn.name} | await work(turn, lambda done: self.jobs.progress(job.id, done))

        job = self.jobs.start(operation.name, domain.name, caller, do, cancellable=cancellable)
        return job

    async def _turn(self, domain: Domain) -> Turn:
        """The domain as it is, nothing of its snapshots half done."""
        entry = self.lifecycle.table.get(domain.uuid)
        still_runs(domain, entry)
        if entry is not None:
            await self._settle(self.trees.of(entry.started.uuid), entry)
            started = entry.started
            record = self.lifecycle.records.by_uuid(started.uuid) or DomainRecord(started.uuid, started.config.name)
            return Turn(started.config.name, record, entry, started.config, started.definition.file)
        entry = self.lifecycle.table.by_name(domain.name)
        if entry is not None:
            raise conflict(f"domain '{domain.name}' has been started meanwhile", "try again")
        await self.guest_files.definitions.refresh()
        config = await self.guest_files.wanted(domain.name)
        record = self.lifecycle.records.by_name(domain.name) or DomainRecord(
            config.uuid or self.new_uuid(), domain.name
        )
        refuse_suspended(record)
        await self.lifecycle.records.save(record)
        await self._settle(self.trees.of(record.uuid), None)
        return Turn(domain.name, record, None, self.current.of(config, domain.file), domain.file)

    async def _settle(self, tree: SnapshotTree, entry: Entry | None) -> SnapshotTree:
        tree = await self.making.settle(tree, entry)
        tree = await self.reverting.settle(tree, entry)
        tree = await self.tidying.settle(tree, entry)
        tree = await self.sweeping.sweep(tree)
        if entry is not None and not tree.empty:
            await self.making.put_down(entry, tree.overlays)
        return tree

    async def disks_of(self, config: DomainConfig, file: str) -> DomainConfig:
        """What a domain that is about to start writes to; the caller has its turn. Raises as CurrentDisks.of."""
        known = self.lifecycle.records.by_name(config.name)
        if known is not None and self.lifecycle.table.get(known.uuid) is None:
            await self._settle(self.trees.of(known.uuid), None)
        return self.current.of(config, file)

    def _uuid(self, domain: Domain) -> str:
        record = self.lifecycle.records.by_name(domain.name) if domain.domid is None else None
        return record.uuid if record is not None else domain.uuid

    async def recover(self, entry: Entry) -> None:
        """What an earlier xend has died in is brought to one side or the other. Called for what was found running,
        before it may run on.
        """
        tree = self.trees.of(entry.started.uuid)
        if not tree.empty and Capability.LAYERS in self.lifecycle.engine.capabilities:
            await self._settle(tree, entry)

    async def sweep(self) -> None:
        """Remove what earlier xends have left. Called once, after `recover`."""
        for tree in self.trees.all():
            await self.sweeping.sweep(tree)


def _refuse_host(operation: Operation, domain: Domain) -> None:
    if domain.uuid == DOMAIN_0_UUID:
        raise invalid(f"{operation.name} is not possible for Domain-0: it is the host itself", "name a guest")


def _refuse_name(name: str) -> None:
    if len(name) > _NAME or not name.isprintable() or name != name.strip() or name.startswith("-") or "/" in name:
        raise invalid(
            f"{name!a} cannot be the name of a snapshot", "letters, digits and spaces between them, 100 at most"
        )


def _made_up(tree: SnapshotTree) -> str:
    number = 1 + len(tree.snapshots)
    while by_name(tree, f"snapshot-{number}") is not None:
        number += 1
    return f"snapshot-{number}"


def _found(tree: SnapshotTree, name: str, domain: str) -> Snapshot:
    found = by_name(tree, name)
    if found is None:
        there = ", ".join(each.name for each in tree.snapshots if not each.deleted)
        raise not_found(
            f"domain '{domain}' has no snapshot '{name}'",
            f"it has: {there}" if there else f"it has none: xm snapshot create {domain}",
        )
    return found
