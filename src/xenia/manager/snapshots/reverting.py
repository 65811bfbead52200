"""Going back to a snapshot: what the domain is now ends, and new overlays of the snapshot's layers take its place.

That it goes back is written down before its guest is ended. A new xend that finds it running drops that; one that does
not finishes it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from xenia.lib.steps import step
from xenia.manager.guest_files import GuestFiles
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.saves import Saves
from xenia.manager.snapshots.current import upon
from xenia.manager.snapshots.making import KeepsOverlays
from xenia.manager.snapshots.sweeping import Sweeping
from xenia.manager.snapshots.tree import chain, discarding, turned
from xenia.manager.table import Entry
from xenia.model.caller import Caller
from xenia.model.domain import Intent, Phase, Started
from xenia.model.errors import XeniaError, conflict
from xenia.model.event import EventKind
from xenia.model.snapshot import Layer, Overlay, Pending, Snapshot, SnapshotTree, Step
from xenia.store.snapshots import SnapshotTrees
from xenia.store.variables import UefiVariables

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reverting:
    lifecycle: Lifecycle
    saves: Saves
    sweeping: Sweeping
    trees: SnapshotTrees
    images: KeepsOverlays
    variables: UefiVariables
    guest_files: GuestFiles
    new_id: Callable[[], str]

    async def revert(
        self,
        tree: SnapshotTree,
        snapshot: Snapshot,
        name: str,
        entry: Entry | None,
        caller: Caller,
        tell: Callable[[float], None],
    ) -> tuple[SnapshotTree, Entry | None, tuple[str, ...]]:
        """Have the domain, which is called `name`, be what it was. With memory it goes on from there; else it boots
        where it ran, and stays off where it did not. The caller has its turn. The tree and the guest then, and notes.

        Raises a conflict where a layer was written to since, and what making an overlay raises; then all is as it was.
        What starting the guest raises comes after: the domain has gone back, and does not run.
        """
        self._refuse_changed(snapshot)
        identity = self.new_id()
        overlays = tuple(
            Overlay(layer.target, _wanted(tree, layer), self.images.place(layer.path, identity), layer.path)
            for layer in snapshot.layers
        )
        await self.trees.save(replace(tree, pending=Pending(Step.REVERT, snapshot, overlays)))
        try:
            for layer, overlay in zip(snapshot.layers, overlays, strict=True):
                await self.images.make(layer.path, layer.format, overlay.path)
                step(f"disk {overlay.target}: {overlay.path}, upon {layer.path} as it was")
        except BaseException:
            await self._drop(tree, overlays)
            raise
        ran = entry.started if entry is not None else None
        if entry is not None:
            await self.lifecycle.end(entry, EventKind.ENDED, f"it goes back to the snapshot {snapshot.name}")
        tree = await self._turn(tree, snapshot, overlays)
        notes = await self._guest_file(snapshot, name, caller)
        if snapshot.memory:
            entry = await self._go_on(snapshot, overlays, name, tell)
        elif ran is not None:
            entry = await self._boot(ran, snapshot, overlays, name)
        if entry is not None:
            self.lifecycle.bus.publish(EventKind.REVERTED, entry.started, snapshot.name)
        return tree, entry, notes

    def _refuse_changed(self, snapshot: Snapshot) -> None:
        for layer in snapshot.layers:
            size, changed = self.images.stamp(layer.path)
            if size < 0:
                raise conflict(f"the image {layer.path} of the snapshot '{snapshot.name}' is not there any more")
            if (size, changed) != (layer.size, layer.changed):
                raise conflict(
                    f"the image {layer.path} was written to since the snapshot '{snapshot.name}' was made",
                    "what it was then is lost: xm snapshot delete removes the snapshot",
                )

    async def _turn(self, tree: SnapshotTree, snapshot: Snapshot, overlays: tuple[Overlay, ...]) -> SnapshotTree:
        await self.variables.put(tree.uuid, snapshot.variables)
        record = self.lifecycle.records.by_uuid(tree.uuid)
        if record is not None:
            await self.lifecycle.records.save(replace(record, generation=""))
        tree = turned(tree, snapshot, overlays)
        await self.trees.save(tree)
        return await self.sweeping.sweep(tree)

    async def _drop(self, tree: SnapshotTree, overlays: tuple[Overlay, ...]) -> SnapshotTree:
        """It does not go back."""
        tree = discarding(tree, *(each.path for each in overlays))
        await self.trees.note(tree)
        return await self.sweeping.sweep(tree)

    async def _guest_file(self, snapshot: Snapshot, name: str, caller: Caller) -> tuple[str, ...]:
        """The guest file says again what it said then; what it says now stays a version of it."""
        if not snapshot.text or not self.guest_files.definitions.of(name):
            return ()
        if snapshot.config.name != name:
            return (f"the guest file stays as it is: '{name}' was called '{snapshot.config.name}' then",)
        try:
            now = await self.guest_files.show(name, caller)
            if now.text == snapshot.text:
                return ()
            saved = await self.guest_files.put(Path(now.file).name, snapshot.text, caller, now.etag)
        except (XeniaError, OSError) as error:
            return (f"the guest file stays as it is: {error}",)
        return (f"{saved.file} says what it said then; xm config revert {name} takes that back",)

    async def _go_on(
        self, snapshot: Snapshot, overlays: tuple[Overlay, ...], name: str, tell: Callable[[float], None]
    ) -> Entry:
        def become(saved: Started) -> Started:
            return replace(saved, config=upon(replace(saved.config, name=name), overlays))

        return await self.saves.go_on_from(Path(snapshot.memory), snapshot.save_id, become, tell)

    async def _boot(self, ran: Started, snapshot: Snapshot, overlays: tuple[Overlay, ...], name: str) -> Entry:
        config = upon(replace(snapshot.config, name=name), overlays)
        if len(config.vifs) != len(ran.macs):  # the cards that it has now are those that it has addresses for
            config = replace(config, vifs=ran.config.vifs)
        started = replace(
            ran,
            domid=await self.lifecycle.new_domid(),
            config=config,
            started_at=self.lifecycle.clock(),
            phase=Phase.STARTING,
            intent=Intent.NONE,
            end=None,
            why="",
            restart_at=None,
            restarts=(),
            frozen=False,
            saving=None,
        )
        record = self.lifecycle.records.by_uuid(ran.uuid)
        if record is None:
            raise conflict(f"nothing is written down of domain '{name}'", f"start it: xm create {name}")
        return await self.lifecycle.create(started, record)

    async def settle(self, tree: SnapshotTree, entry: Entry | None) -> SnapshotTree:
        """What an earlier xend has died in: a guest that runs stays what it is, one that was ended for it goes back."""
        pending = tree.pending
        if pending is None or pending.step is not Step.REVERT:
            return tree
        tree = replace(tree, pending=None)
        if entry is not None or any(self.images.stamp(each.path)[0] < 0 for each in pending.overlays):
            return await self._drop(tree, pending.overlays)
        return await self._turn(tree, pending.snapshot, pending.overlays)


def _wanted(tree: SnapshotTree, layer: Layer) -> str:
    """What the guest file names for this disk: where no overlay of it is used now, that is what is below all layers."""
    found = next((each.wanted for each in tree.overlays if each.target == layer.target), "")
    return found or chain(tree, layer.path)[-1]
