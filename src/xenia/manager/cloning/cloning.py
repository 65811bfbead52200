"""clone, as a job.

What is made of a clone before its guest file names it is written down as discarded: a new xend removes it, unless a
guest file has come to name it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xenia.guestfile.names import why_unusable
from xenia.guestfile.write import write
from xenia.lib.codec import to_plain
from xenia.lib.steps import step
from xenia.manager.cloning.identity import config_of, image_of, names, refuse_devices, silent
from xenia.manager.cloning.warm import WarmClone, WarmClones
from xenia.manager.guest_files import GuestFiles
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.plugging import Plugging
from xenia.manager.saves import Saves
from xenia.manager.snapshots.making import KeepsOverlays
from xenia.manager.snapshots.snapshots import Snapshots, Turn
from xenia.manager.snapshots.tree import by_id, chain, discarding, without
from xenia.manager.table import Entry
from xenia.model.caller import Caller
from xenia.model.clone import Clone, CloneRequest
from xenia.model.disk import DiskFormat
from xenia.model.domain import Definition, DomainConfig, DomainRecord, Started
from xenia.model.errors import XeniaError, conflict, invalid
from xenia.model.job import Job
from xenia.model.operations import OPERATIONS
from xenia.model.snapshot import Snapshot, SnapshotTree
from xenia.store.variables import UefiVariables

log = logging.getLogger(__name__)

MOST = 1000
_HEADING = "{name} began as a clone of {source}.\nIts disks are based on those of that domain: they need each other."
_HEADING_FULL = "{name} began as a clone of {source}, and stands alone."

Tell = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Cloning:
    """`new_mac` is told the addresses that are taken."""

    lifecycle: Lifecycle
    snapshots: Snapshots
    images: KeepsOverlays
    variables: UefiVariables
    guest_files: GuestFiles
    saves: Saves
    plugging: Plugging
    new_uuid: Callable[[], str]
    new_mac: Callable[[frozenset[str]], str]
    warm: WarmClones

    def clone(self, ref: str, request: CloneRequest, caller: Caller) -> Job:
        """Make clones of a domain; the result has `clones`, each a Clone, and `notes`.

        Raises invalid for a name or a number that cannot be. Fails with a conflict for a name that is taken, and as a
        snapshot of the domain does. Cancelled, those clones that are whole stay.
        """
        if not 1 <= request.count <= MOST:
            raise invalid(f"{request.count} clones cannot be made at once", f"1 to {MOST} can")
        unusable = why_unusable(request.name) if request.name else None
        if unusable is not None:
            raise invalid(*unusable)

        async def work(turn: Turn, tell: Tell) -> dict[str, Any]:
            clones, notes = await self._clone(turn, request, caller, tell)
            return {"clones": [to_plain(each) for each in clones], "notes": notes}

        return self.snapshots.start(OPERATIONS["clone"], ref, caller, work, cancellable=True)

    async def _clone(
        self, turn: Turn, request: CloneRequest, caller: Caller, tell: Tell
    ) -> tuple[list[Clone], list[str]]:
        wanted = await self._names(turn, request)
        if not request.full:
            base_config = self.snapshots.find(turn, request.snapshot).config if request.snapshot else turn.config
            refuse_devices(turn.name, base_config)
        base = await self._base(turn, request, caller, tell)
        notes: list[str] = []
        made: list[Clone] = []
        running: list[tuple[Entry, DomainConfig]] = []
        try:
            for number, name in enumerate(wanted):
                clone, config, entry = await self._one(turn, base, name, request, caller)
                if entry is not None:
                    running.append((entry, config))
                    clone = replace(clone, domid=entry.started.domid)
                made.append(clone)
                step(f"made {name}: {clone.file}")
                tell((number + 1) / len(wanted))
        finally:
            await self._tidy(turn, base, tell)
            if base.warm:
                self.warm.refill()
        for entry, config in running:
            notes += await self._change_cards(entry, config)
        return made, notes

    async def _names(self, turn: Turn, request: CloneRequest) -> list[str]:
        await self.guest_files.definitions.refresh()
        defined = {config.name for config, _ in self.guest_files.definitions.files()}
        runs = {entry.started.config.name for entry in self.lifecycle.table}
        known = {record.name for record in self.lifecycle.records.all()}
        taken = frozenset(defined | runs | known)
        wanted = list(names(turn.name, request.name, request.count, taken))
        for name in wanted:
            if name in taken or self.guest_files.folder.stamp(f"{name}.cfg") is not None:
                raise conflict(f"there is or was a domain '{name}' already", "choose another name")
        return wanted

    async def _base(self, turn: Turn, request: CloneRequest, caller: Caller, tell: Tell) -> Snapshot:
        """What the clones begin as: a snapshot, or one without a name that is made now."""
        if request.snapshot:
            if request.running:
                raise invalid("either a snapshot is cloned, or what runs", "xm help clone")
            return self.snapshots.find(turn, request.snapshot)
        if request.running and turn.entry is None:
            raise conflict(f"domain '{turn.name}' does not run: it has no memory", "leave --running away")
        again = self._unchanged(turn) if not request.running else None
        if again is not None:
            return again
        made, _ = await self.snapshots.make(turn, "", "", caller, memory=request.running, tell=tell)
        return made

    def _unchanged(self, turn: Turn) -> Snapshot | None:
        """The last base of clones, where the domain has not run since."""
        tree = self.snapshots.trees.of(turn.record.uuid)
        last = by_id(tree, tree.current)
        if turn.entry is not None or last is None or not last.deleted:
            return None
        targets = {layer.target for layer in last.layers}
        same = {each.target for each in tree.overlays} == targets
        return last if same and all(self.images.untouched(each.path) for each in tree.overlays) else None

    async def _one(
        self, turn: Turn, base: Snapshot, name: str, request: CloneRequest, caller: Caller
    ) -> tuple[Clone, DomainConfig, Entry | None]:
        """A clone, of one that is held ready where there is one."""
        ready = self.warm.take(turn.record.uuid, base, Definition(turn.file).folder) if not request.full else None
        if ready is None:
            uuid = self.new_uuid()
            clone, config = await self._make(turn, base, name, uuid, request, caller)
            return clone, config, await self._go_on(base, clone, config, uuid) if base.memory else None
        try:
            clone, config = await self._make(turn, base, name, ready.uuid, request, caller, ready)
        except BaseException:
            await self.warm.give_up(ready)
            raise
        definition, now = Definition(clone.file), self.lifecycle.clock()
        started = replace(ready.entry.started, config=silent(config), definition=definition, started_at=now)
        await self.saves.take(ready.entry, started)
        self.warm.has_become(ready, [disk.path for disk in config.disks])
        return clone, config, ready.entry

    async def _make(
        self,
        turn: Turn,
        base: Snapshot,
        name: str,
        uuid: str,
        request: CloneRequest,
        caller: Caller,
        ready: WarmClone | None = None,
    ) -> tuple[Clone, DomainConfig]:
        """The images and the guest file of a clone, and its UEFI variables; what is `ready` has all but the guest file,
        and its images have other names.
        """
        trees, source = self.snapshots.trees, turn.record.uuid
        forms = {layer.target: layer.format if request.full else DiskFormat.QCOW2 for layer in base.layers}
        paths = {
            layer.target: image_of(self.images.folder_of(layer.path), layer.target, name, forms[layer.target])
            for layer in base.layers
        }
        for path in paths.values():
            if self.images.stamp(path)[0] >= 0:
                raise conflict(f"there is a file {path} already", "choose another name for the clone")
        await trees.save(discarding(trees.of(source), *paths.values()))
        for layer in base.layers:
            if ready is not None:
                await self.images.rename(ready.images[layer.target], paths[layer.target])
            elif request.full:
                step(f"copies {layer.path} to {paths[layer.target]}")
                await self.images.copy(
                    layer.path, layer.format, paths[layer.target], chain(trees.of(source), layer.path)
                )
            else:
                await self.images.make(layer.path, layer.format, paths[layer.target])
        images = {target: (path, forms[target]) for target, path in paths.items()}
        config = config_of(base.config, Definition(turn.file).folder, name, images)
        heading = (_HEADING_FULL if request.full else _HEADING).format(name=name, source=turn.name)
        try:
            await self._remember(uuid, name, base.variables, has_them=ready is not None)
            saved = await self.guest_files.put(f"{name}.cfg", write(config, heading=heading), caller, None)
        except BaseException:
            await self._forget(uuid)
            raise
        return Clone(name, saved.file), config

    async def _remember(self, uuid: str, name: str, variables: str, *, has_them: bool) -> None:
        """What a clone has at its first start: by its UUID, which its guest file does not say."""
        if variables:
            if not has_them:
                await self.variables.put(uuid, variables)
            await self.lifecycle.records.save(DomainRecord(uuid, name))

    async def _forget(self, uuid: str) -> None:
        await self.variables.put(uuid, "")
        await self.lifecycle.records.remove(uuid)

    async def _go_on(self, base: Snapshot, clone: Clone, config: DomainConfig, uuid: str) -> Entry:
        """Start a clone from the memory of its source, with its cables pulled out."""
        macs = self._new_macs(len(config.vifs))

        def become(saved: Started) -> Started:
            definition = Definition(clone.file)
            return replace(saved, uuid=uuid, config=silent(config), macs=macs, definition=definition)

        return await self.saves.go_on_from(Path(base.memory), base.save_id, become, lambda _: None, mapped=True)

    def _new_macs(self, count: int) -> tuple[str, ...]:
        taken = {mac for record in self.lifecycle.records.all() for mac in record.macs}
        taken |= {mac for entry in self.lifecycle.table for mac in entry.started.macs}
        taken |= {mac for started in self.warm.started for mac in started.macs}
        macs: list[str] = []
        for _ in range(count):
            macs.append(self.new_mac(frozenset(taken)))
            taken.add(macs[-1])
        return tuple(macs)

    async def _change_cards(self, entry: Entry, config: DomainConfig) -> list[str]:
        """Have a clone that runs let go of the cards of its source, whose addresses are in its memory, and find new
        ones, which are those of its guest file. A card that cannot be unplugged stays dead.
        """
        name, notes = entry.started.config.name, []
        async with self.snapshots.turns.locks.of(lambda: entry.started.config.name):
            macs = self._new_macs(len(config.vifs))
            record = self.lifecycle.records.by_uuid(entry.started.uuid)
            if record is not None:
                await self.lifecycle.records.save(replace(record, macs=macs))
            for vif, mac in zip(config.vifs, macs, strict=True):
                try:
                    number = await self._without(entry, vif.item)
                    await self.plugging.attach_vif(entry, replace(vif, item=number), mac, until_taken=False)
                except XeniaError as error:
                    notes.append(f"'{name}' has no card {vif.item} before it boots anew: {error.message}")
                else:
                    if number != vif.item:
                        notes.append(f"card {number} of '{name}' is in the place of {vif.item} until it boots anew")
        return notes

    async def _without(self, entry: Entry, number: int) -> int:
        """Unplug a card; the number that the one in its place is to have."""
        try:
            await self.plugging.detach_vif(entry, number)
        except XeniaError as error:
            log.info("card %d of domain %s stays: %s", number, entry.started.config.name, error)
            step(f"card {number} of {entry.started.config.name} stays: {error}")
        numbers = {vif.item for vif in entry.started.config.vifs}
        return number if number not in numbers else max(numbers) + 1

    async def _tidy(self, turn: Turn, base: Snapshot, tell: Tell) -> None:
        """Nobody needs the memory of a base without a name, and of one that only full clones were made of nothing."""
        trees = self.snapshots.trees
        tree: SnapshotTree = trees.of(turn.record.uuid)
        if base.deleted and base.memory:
            tree = without(tree, base)
            await trees.note(tree)
        tree = await self.snapshots.sweeping.sweep(tree)
        await self.snapshots.tidying.tidy(tree, turn.entry, tell)
