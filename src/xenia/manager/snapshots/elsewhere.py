"""Images of a domain on which those of others are based: clones, and what administrators have made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from xenia.manager.snapshots.tree import all_paths
from xenia.model.snapshot import SnapshotTree
from xenia.storage.images.look import Looker


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Looked for in the headers of what lies below the roots, of what lies beside the images of the domain, where
    `folder_of` an image has what is based on it, and of what domains have (`named`, real paths).
    """

    looker: Looker
    named: Callable[[], Awaitable[Collection[str]]]
    folder_of: Callable[[str], str]

    async def of(self, tree: SnapshotTree) -> Collection[str]:
        """Those of the images of `tree` that others are based on."""
        own = all_paths(tree)
        images = (await self.looker.all(await self.named(), set(map(self.folder_of, own)))).images
        return frozenset(each.backing for each in images if each.backing in own and each.path not in own)
