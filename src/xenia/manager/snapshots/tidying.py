"""What is left of deleted snapshots is merged away, also while the guest runs.

The layer that a merge writes to belongs to a deleted snapshot, so nobody goes back to it; what is read through the
layers above stays the same all the time. So a merge may be cut off anywhere, and is begun again.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from xenia.engines.base import LayersDisks
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.snapshots.making import KeepsOverlays
from xenia.manager.snapshots.sweeping import Sweeping
from xenia.manager.snapshots.tree import Chore, after, chain, chores, next_chore
from xenia.manager.table import Entry
from xenia.model.disk import Disk
from xenia.model.domain import State
from xenia.model.errors import unavailable
from xenia.model.layers import Merge
from xenia.model.snapshot import Layer, SnapshotTree
from xenia.store.snapshots import SnapshotTrees

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tidying:
    """`elsewhere` tells which of some images others than this domain's are based on."""

    lifecycle: Lifecycle
    trees: SnapshotTrees
    images: KeepsOverlays
    sweeping: Sweeping
    elsewhere: Callable[[SnapshotTree], Awaitable[Collection[str]]]

    async def tidy(self, tree: SnapshotTree, entry: Entry | None, tell: Callable[[float], None]) -> SnapshotTree:
        """Do all that can be done about deleted snapshots of a domain; the caller has its turn. The tree then.

        Raises what merging raises, OSError; what is not done is done the next time.
        """
        elsewhere = await self.elsewhere(tree) if next_chore(tree) is not None else ()
        while (chore := next_chore(tree, elsewhere)) is not None:
            if chore.upper:
                tree = await self._merge(tree, chore, entry, tell)
            else:
                tree = after(tree, chore)
                await self.trees.save(tree)
            tree = await self.sweeping.sweep(tree)
        return tree

    async def _merge(
        self, tree: SnapshotTree, chore: Chore, entry: Entry | None, tell: Callable[[float], None]
    ) -> SnapshotTree:
        lower, upper = chore.layer, chore.upper
        opened = _opened(tree, lower.target) if entry is not None else ()
        above = next((path for path in chore.above if path in opened), "")
        wanted = Merge(lower.target, upper, lower.path, _name(lower.path, upper), above)
        for path in filter(None, (lower.path, above)):
            with suppress(OSError):
                await self.images.unprotect(path)

        async def switched() -> None:
            for path in chore.above:
                if path not in opened:
                    await self.images.rebase(path, lower)
            await self._write_down(after(tree, chore), chore, entry)

        if upper in opened and entry is not None:
            await cast(LayersDisks, self.lifecycle.engine).merge(entry.started.uuid, wanted, switched, tell)
        else:
            await self.images.merge(wanted, lower.format, tell)
            await switched()
        if any(layer.path == above for each in tree.snapshots for layer in each.layers):
            with suppress(OSError):
                await self.images.protect(above)
        return self.trees.of(tree.uuid)

    async def _write_down(self, tree: SnapshotTree, chore: Chore, entry: Entry | None) -> None:
        """Where everything is once it is merged. What the guest writes to must be known before it writes on: where it
        cannot be written down, it is left paused.
        """
        path = chore.layer.path
        if chore.active and entry is not None:
            config = entry.started.config
            disks = (_upon(each, chore) if each.path == chore.upper else each for each in config.disks)
            await self.lifecycle.note(entry, config=replace(config, disks=tuple(disks)))
        if not chore.active:
            with suppress(OSError):
                await self.images.protect(path)
        for changed in (path, *chore.above):  # into the headers of those above is written what they are based on
            tree = _restamped(tree, changed, self.images.stamp(changed))
        try:
            await self.trees.save(tree)
        except OSError as error:
            if not chore.active or entry is None:
                raise
            await self.trees.note(tree)
            await self.lifecycle.note(entry, paused=True)
            entry.state = State.PAUSED
            raise unavailable(
                f"what domain '{entry.started.config.name}' writes to now cannot be written down: {error.strerror}; it "
                "is paused",
                f"free some space, then: xm unpause {entry.started.config.name}",
            ) from error

    async def settle(self, tree: SnapshotTree, entry: Entry | None) -> SnapshotTree:
        """A merge that the guest has seen the end of, and an earlier xend has not: it is written down. Raises
        engine_failed, OSError.
        """
        active = [each for each in chores(tree) if each.active]
        if entry is None or not active:
            return tree
        writes = await cast(LayersDisks, self.lifecycle.engine).written_to(entry.started.uuid)
        for chore in active:
            if writes.get(chore.layer.target) == chore.layer.path:
                await self._write_down(after(tree, chore), chore, entry)
                tree = await self.sweeping.sweep(self.trees.of(tree.uuid))
        return tree


def _upon(disk: Disk, chore: Chore) -> Disk:
    """As it writes to what it was merged into."""
    return disk.upon(chore.layer.path) if chore.layer.base else disk.as_named


def _restamped(tree: SnapshotTree, path: str, stamp: tuple[int, int]) -> SnapshotTree:
    size, changed = stamp

    def now(layer: Layer) -> Layer:
        return replace(layer, size=size, changed=changed) if layer.path == path else layer

    snapshots = (replace(each, layers=tuple(map(now, each.layers))) for each in tree.snapshots)
    return replace(tree, snapshots=tuple(snapshots))


def _opened(tree: SnapshotTree, target: str) -> tuple[str, ...]:
    """The images that the domain has open for a disk, where it runs."""
    return next((chain(tree, each.path) for each in tree.overlays if each.target == target), ())


def _name(lower: str, upper: str) -> str:
    """What images beside `upper` call `lower`."""
    return Path(lower).name if Path(lower).parent == Path(upper).parent else lower
