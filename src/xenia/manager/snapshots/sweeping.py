"""Files of snapshots that nobody needs any more: written down before they are removed, so that none is left over."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace

from xenia.manager.snapshots.tree import all_paths
from xenia.model.snapshot import SnapshotTree
from xenia.store.snapshots import SnapshotTrees

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sweeping:
    """`remove` is silent where there is no such file, and raises OSError; `named` are the images that domains have:
    that of a clone is written down as discarded until its guest file names it. `held` are those of clones that are held
    ready: they stay, and stay written down.
    """

    trees: SnapshotTrees
    remove: Callable[[str], Awaitable[None]]
    named: Callable[[], Awaitable[Collection[str]]]
    held: Callable[[], Collection[str]]

    async def sweep(self, tree: SnapshotTree) -> SnapshotTree:
        """Remove what `tree` has discarded; the tree then. What cannot be removed is tried again the next time."""
        if not set(tree.discarded).difference(self.held()):
            return tree
        kept, left = all_paths(tree) | set(await self.named()), []
        for path in tree.discarded:
            try:
                if path in self.held():
                    left.append(path)
                elif path not in kept:
                    await self.remove(path)
            except OSError as error:
                log.error("%s, which nobody needs any more, cannot be removed: %s", path, error)
                left.append(path)
        if tree.discarded != tuple(left):
            tree = replace(tree, discarded=tuple(left))
            await self.trees.note(tree)
        return tree
