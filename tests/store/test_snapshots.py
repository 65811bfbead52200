"""What is written down of snapshots."""

from __future__ import annotations

import pytest
from tests.support.world import MemoryFiles, World

from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.snapshot import Overlay, SnapshotTree
from xenia.store.snapshots import SnapshotTrees

FILE = "var/lib/xenia/snapshots/u1.json"
TREE = SnapshotTree("u1", overlays=(Overlay("xvda", "/a", "/a.1", "/a"),))


async def test_a_tree_is_found_again_until_it_is_empty() -> None:
    world = World()
    trees = SnapshotTrees(MemoryFiles(world))
    await trees.save(TREE)
    again = SnapshotTrees(MemoryFiles(world))
    await again.load()
    assert (again.of("u1"), again.of("u2")) == (TREE, SnapshotTree("u2"))
    await again.save(SnapshotTree("u1"))
    assert FILE not in world.files


async def test_what_cannot_be_read_is_no_empty_tree_and_stays() -> None:
    """Else the domain would be started with what it wrote to long ago, and the next snapshot would take its place."""
    world = World()
    world.files[FILE] = b"{ torn"
    trees = SnapshotTrees(MemoryFiles(world))
    await trees.load()
    with pytest.raises(XeniaError, match=FILE) as caught:
        trees.of("u1")
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert world.files[FILE] == b"{ torn"
