"""What is written down of snapshots (`var/lib/xenia/snapshots/UUID.json`)."""

from __future__ import annotations

import json
import logging

from xenia.lib.codec import from_plain, to_plain
from xenia.lib.files import Files
from xenia.model.errors import unavailable
from xenia.model.snapshot import SnapshotTree

log = logging.getLogger(__name__)

_FOLDER = "var/lib/xenia/snapshots"


class SnapshotTrees:
    """All trees, in memory after `load`; a domain without one has an empty one. One that cannot be read stays as it is:
    what the domain writes to is known to nobody then.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._trees: dict[str, SnapshotTree] = {}
        self._unreadable: set[str] = set()

    async def load(self) -> None:
        """Read them all. What cannot be read is logged."""
        for name in await self._files.list(_FOLDER):
            content = await self._files.read(f"{_FOLDER}/{name}") if name.endswith(".json") else None
            if content is None:
                continue
            try:
                tree = from_plain(SnapshotTree, json.loads(content))
            except ValueError as error:
                log.error("what is written down of snapshots in %s/%s cannot be read: %s", _FOLDER, name, error)
                self._unreadable.add(name.removesuffix(".json"))
                continue
            self._trees[tree.uuid] = tree

    def all(self) -> tuple[SnapshotTree, ...]:
        return tuple(self._trees.values())

    def of(self, uuid: str) -> SnapshotTree:
        """That of a domain. Raises unavailable where it cannot be read."""
        if uuid in self._unreadable:
            raise unavailable(
                f"what is written down of the snapshots of this domain cannot be read: {_FOLDER}/{uuid}.json",
                "have that file again from a backup, and restart xend; xm log says what is wrong with it",
            )
        return self._trees.get(uuid, SnapshotTree(uuid))

    async def save(self, tree: SnapshotTree) -> None:
        """Keep `tree` durably, or, where it is empty, remove it. Raises OSError, and then the old one still holds."""
        path = f"{_FOLDER}/{tree.uuid}.json"
        if tree.empty:
            await self._files.remove(path)
            self._trees.pop(tree.uuid, None)
            return
        await self._files.write(path, json.dumps(to_plain(tree), indent=1).encode(), durable=True)
        self._trees[tree.uuid] = tree

    async def note(self, tree: SnapshotTree) -> None:
        """Keep what is so whatever the disk says: remember it all the same."""
        try:
            await self.save(tree)
        except OSError as error:
            log.error("the snapshots of domain %s cannot be written down: %s", tree.uuid, error)
            self._trees[tree.uuid] = tree
