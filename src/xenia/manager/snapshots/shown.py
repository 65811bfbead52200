"""Snapshots as they are told."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from xenia.manager.snapshots.tree import by_id, chain, named_parent
from xenia.model.snapshot import DiskDiff, Snapshot, SnapshotDiff, SnapshotShown, SnapshotTree, Warm

Allocated = Callable[[str], int]
"""Bytes that an image takes on the host."""


HeldReady = Callable[[str, Snapshot], Warm]
"""What there is of warm clones, for a snapshot of the domain with this UUID."""


def shown(tree: SnapshotTree, allocated: Allocated, warm: HeldReady) -> tuple[SnapshotShown, ...]:
    """Those that have names, the oldest first."""
    parents = {each.id: named_parent(tree, each.parent) for each in tree.snapshots if not each.deleted}
    names = {each.id: each.name for each in tree.snapshots}
    current = named_parent(tree, tree.current)
    return tuple(
        SnapshotShown(
            name=each.name,
            id=each.id,
            at=each.at,
            parent=names.get(parents[each.id], ""),
            description=each.description,
            moment=each.moment,
            size=sum(allocated(layer.path) for layer in each.layers) + (allocated(each.memory) if each.memory else 0),
            current=each.id == current,
            children=tuple(names[child] for child, parent in parents.items() if parent == each.id),
            disks=tuple(layer.target for layer in each.layers),
            picture=bool(each.picture),
            warm=warm(tree.uuid, each),
        )
        for each in tree.snapshots
        if not each.deleted
    )


def diff_of(tree: SnapshotTree, old: Snapshot, new: Snapshot | None, text: str, allocated: Allocated) -> SnapshotDiff:
    """In what `new`, or where it is None the domain now, whose guest file is `text`, differs from `old`.

    Of a disk: what the layers take that only one of the two is made of. That is what was written, at most: what was
    written twice, or as it was before, counts as well.
    """
    disks = []
    for layer in old.layers:
        before = chain(tree, layer.path)
        after = chain(tree, _top(tree, layer.target, new) or layer.path)
        apart = [path for path in (*before, *after) if (path in before) != (path in after)]
        disks.append(DiskDiff(layer.target, sum(allocated(path) for path in apart)))
    lines = difflib.unified_diff(
        old.text.splitlines(), text.splitlines(), old.name, new.name if new else "now", lineterm=""
    )
    return SnapshotDiff(tuple(disks), tuple(lines) if old.text and text else ())


def _top(tree: SnapshotTree, target: str, snapshot: Snapshot | None) -> str:
    if snapshot is None:
        return next((each.path for each in tree.overlays if each.target == target), "")
    found = by_id(tree, snapshot.id)
    return next((each.path for each in found.layers if each.target == target), "") if found else ""
