"""What a tree of snapshots is to look like, and what is to be done for that. Without I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from xenia.model.snapshot import Layer, Overlay, Snapshot, SnapshotTree


def by_name(tree: SnapshotTree, name: str) -> Snapshot | None:
    """The snapshot that is called `name`, or has that id."""
    named = (each for each in tree.snapshots if not each.deleted and name in (each.name, each.id))
    return next(named, None)


def by_id(tree: SnapshotTree, identity: str) -> Snapshot | None:
    return next((each for each in tree.snapshots if each.id == identity), None)


def named_parent(tree: SnapshotTree, identity: str) -> str:
    """The nearest that still has a name, from `identity` upwards; its id, or ""."""
    found = by_id(tree, identity)
    while found is not None and found.deleted:
        found = by_id(tree, found.parent)
    return found.id if found is not None else ""


def grown(tree: SnapshotTree, snapshot: Snapshot, overlays: tuple[Overlay, ...]) -> SnapshotTree:
    """With one more snapshot, on which the domain is based from now on."""
    return replace(
        tree,
        snapshots=(*tree.snapshots, snapshot),
        current=snapshot.id,
        overlays=_with(tree.overlays, overlays),
        pending=None,
    )


def turned(tree: SnapshotTree, snapshot: Snapshot, overlays: tuple[Overlay, ...]) -> SnapshotTree:
    """The domain has gone back to `snapshot`."""
    before = tree.overlays
    tree = replace(tree, current=snapshot.id, overlays=_with(before, overlays), pending=None)
    kept = all_paths(tree)
    return discarding(tree, *(each.path for each in before if each.path not in kept))


def discarding(tree: SnapshotTree, *files: str) -> SnapshotTree:
    """With more files that nobody needs; "" is none."""
    return replace(tree, discarded=tuple(dict.fromkeys((*tree.discarded, *filter(None, files)))))


def without(tree: SnapshotTree, snapshot: Snapshot) -> SnapshotTree:
    """Of `snapshot` only the layers are left, with what a clone of them needs."""
    bare = replace(snapshot, name="", description="", memory="", picture="", text="", warm=0)
    return discarding(_replaced(tree, bare), snapshot.memory, snapshot.picture)


def warmed(tree: SnapshotTree, snapshot: Snapshot, count: int) -> SnapshotTree:
    """So many clones of `snapshot` are to be held ready."""
    return _replaced(tree, replace(snapshot, warm=count))


def _replaced(tree: SnapshotTree, snapshot: Snapshot) -> SnapshotTree:
    snapshots = tuple(snapshot if each.id == snapshot.id else each for each in tree.snapshots)
    return replace(tree, snapshots=snapshots)


def _with(overlays: tuple[Overlay, ...], new: tuple[Overlay, ...]) -> tuple[Overlay, ...]:
    targets = {each.target for each in new}
    return (*(each for each in overlays if each.target not in targets), *new)


@dataclass(frozen=True, slots=True)
class Chore:
    """What can be done about `layer`, of the deleted `snapshot`: the one image that is based on it, `upper`, is put
    into it; where that is "", nothing is, and it is forgotten, and the image `remove` with it.
    """

    snapshot: str
    layer: Layer
    upper: str = ""
    active: bool = False
    """Whether the domain writes to `upper`."""
    above: tuple[str, ...] = ()
    """The images that are based on `upper`."""
    remove: str = ""


def next_chore(tree: SnapshotTree, elsewhere: Collection[str] = ()) -> Chore | None:
    """What is to be done next about deleted snapshots. `elsewhere` are images on which others than this domain's are
    based: those stay as they are.
    """
    return next(chores(tree, elsewhere), None)


def chores(tree: SnapshotTree, elsewhere: Collection[str] = ()) -> Iterator[Chore]:
    """All that can be done now; what is done may change the others."""
    for snapshot in tree.snapshots:
        for layer in snapshot.layers if snapshot.deleted else ():
            chore = _chore(tree, snapshot, layer, elsewhere)
            if chore is not None:
                yield chore


def _chore(tree: SnapshotTree, snapshot: Snapshot, layer: Layer, elsewhere: Collection[str]) -> Chore | None:
    if layer.path in elsewhere:
        return None
    above = based_on(tree, layer.path)
    if not above:
        return Chore(snapshot.id, layer, remove=layer.path if layer.base else "")
    upper = above[0]
    if len(above) > 1 or upper in elsewhere:
        return None
    active = any(each.path == upper for each in tree.overlays)
    return Chore(snapshot.id, layer, upper, active, based_on(tree, upper))


def based_on(tree: SnapshotTree, path: str) -> tuple[str, ...]:
    """The images of this domain that lie directly upon `path`."""
    return tuple(image for image, base in _bases(tree).items() if base == path)


def chain(tree: SnapshotTree, path: str) -> tuple[str, ...]:
    """The image `path` and those below it, as far as they are known."""
    bases, found = _bases(tree), [path]
    while (below := bases.get(found[-1], "")) and below not in found:
        found.append(below)
    return tuple(found)


def _bases(tree: SnapshotTree) -> dict[str, str]:
    """What each image of the domain is based on."""
    layers = {layer.path: layer.base for each in tree.snapshots for layer in each.layers}
    return layers | {each.path: each.base for each in tree.overlays}


def depth(tree: SnapshotTree) -> int:
    """How many images lie upon each other, at most, in what the domain writes to."""
    return max((len(chain(tree, each.path)) for each in tree.overlays), default=1)


def all_paths(tree: SnapshotTree) -> frozenset[str]:
    """The images that make up a domain's disks, now and in its snapshots."""
    layers = {layer.path for each in tree.snapshots for layer in each.layers}
    return frozenset(layers | {path for each in tree.overlays for path in (each.path, each.wanted)})


def after(tree: SnapshotTree, chore: Chore) -> SnapshotTree:
    """When it is done: what was merged away is where it was merged to, and a snapshot without layers is gone."""
    lower, upper = chore.layer, chore.upper
    left = tuple(_done(each, chore) for each in tree.snapshots)
    overlays = tree.overlays
    if upper:
        moved = (
            replace(each, path=lower.path, base=lower.base) if each.path == upper else _rebased(each, upper, lower.path)
            for each in overlays
        )
        overlays = tuple(each for each in moved if each.path != each.wanted)
    return discarding(_pruned(replace(tree, snapshots=left, overlays=overlays)), upper, chore.remove)


def _done(snapshot: Snapshot, chore: Chore) -> Snapshot:
    lower, upper = chore.layer, chore.upper
    layers = snapshot.layers
    if snapshot.id == chore.snapshot:
        layers = tuple(each for each in layers if each.target != lower.target)
    if upper:
        layers = tuple(
            replace(each, path=lower.path, format=lower.format, base=lower.base)
            if each.path == upper
            else _rebased(each, upper, lower.path)
            for each in layers
        )
    return replace(snapshot, layers=layers)


Image = TypeVar("Image", Layer, Overlay)


def _rebased(image: Image, before: str, now: str) -> Image:
    return replace(image, base=now) if image.base == before else image


def _pruned(tree: SnapshotTree) -> SnapshotTree:
    gone = next((each for each in tree.snapshots if each.deleted and not each.layers), None)
    if gone is None:
        return tree
    snapshots = (
        replace(each, parent=gone.parent) if each.parent == gone.id else each for each in tree.snapshots if each != gone
    )
    current = gone.parent if tree.current == gone.id else tree.current
    return _pruned(replace(tree, snapshots=tuple(snapshots), current=current))
