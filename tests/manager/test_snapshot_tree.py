"""Trees of snapshots, on a model of images: whatever is made, gone back to and deleted, each says what it has to."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import pytest

from xenia.manager.snapshots.tree import (
    after,
    based_on,
    by_name,
    grown,
    named_parent,
    next_chore,
    turned,
    without,
)
from xenia.model.disk import DiskFormat
from xenia.model.domain import DomainConfig
from xenia.model.snapshot import Layer, Overlay, Snapshot, SnapshotTree

CONFIG = DomainConfig("a")


@dataclass
class Images:
    """What is in images: `base` of each, and what was written to it, by place."""

    base: dict[str, str] = field(default_factory=lambda: {"/p": "", "/q": ""})
    data: dict[str, dict[int, int]] = field(default_factory=lambda: {"/p": {}, "/q": {}})

    def read(self, path: str) -> dict[int, int]:
        below = self.read(self.base[path]) if self.base[path] else {}
        return below | self.data[path]

    def make(self, path: str, base: str) -> None:
        assert base in self.base
        self.base[path], self.data[path] = base, {}

    def remove(self, path: str) -> None:
        assert path not in self.base.values(), f"something is based on {path}"
        del self.base[path], self.data[path]

    def merge(self, upper: str, lower: str) -> None:
        assert self.base[upper] == lower
        self.data[lower] |= self.data[upper]


class Domain:
    """Two disks and their snapshots."""

    def __init__(self) -> None:
        self.images = Images()
        self.tree = SnapshotTree("u")
        self.serial = 0
        self.said: dict[str, dict[str, dict[int, int]]] = {}

    def active(self, wanted: str) -> str:
        return next((each.path for each in self.tree.overlays if each.wanted == wanted), wanted)

    def new(self) -> str:
        self.serial += 1
        return f"{self.serial:08x}"

    def overlays(self, bases: dict[str, str], identity: str) -> tuple[Overlay, ...]:
        made = []
        for wanted, base in bases.items():
            path = f"{wanted}.{identity}"
            self.images.make(path, base)
            made.append(Overlay(wanted[1:], wanted, path, base))
        return tuple(made)

    def create(self, disks: tuple[str, ...]) -> str:
        identity = self.new()
        bases = {wanted: self.active(wanted) for wanted in disks}
        layers = tuple(
            Layer(wanted[1:], path, DiskFormat.QCOW2, next((e.base for e in self.tree.overlays if e.path == path), ""))
            for wanted, path in bases.items()
        )
        snapshot = Snapshot(identity, identity, 0.0, CONFIG, self.tree.current, layers=layers)
        self.said[identity] = {wanted: self.images.read(path) for wanted, path in bases.items()}
        self.tree = grown(self.tree, snapshot, self.overlays(bases, identity))
        return identity

    def revert(self, identity: str) -> None:
        snapshot = by_name(self.tree, identity)
        assert snapshot is not None
        bases = {f"/{layer.target}": layer.path for layer in snapshot.layers}
        self.tree = turned(self.tree, snapshot, self.overlays(bases, self.new()))
        self.sweep()

    def delete(self, identity: str) -> None:
        snapshot = by_name(self.tree, identity)
        assert snapshot is not None
        self.tree = without(self.tree, snapshot)
        del self.said[identity]
        self.tidy()

    def tidy(self) -> None:
        while (chore := next_chore(self.tree)) is not None:
            if chore.upper:
                self.images.merge(chore.upper, chore.layer.path)
                for path in chore.above:
                    self.images.base[path] = chore.layer.path
            self.tree = after(self.tree, chore)
            self.sweep()

    def sweep(self) -> None:
        for path in self.tree.discarded:
            self.images.remove(path)
        self.tree = replace(self.tree, discarded=())

    def write(self, wanted: str, place: int, value: int) -> None:
        path = self.active(wanted)
        assert path not in self.images.base.values(), f"{path} would be written to below others"
        self.images.data[path][place] = value

    def check(self) -> None:
        for identity, said in self.said.items():
            snapshot = by_name(self.tree, identity)
            assert snapshot is not None
            assert {f"/{layer.target}": self.images.read(layer.path) for layer in snapshot.layers} == said


@pytest.mark.parametrize("seed", range(300))
def test_whatever_is_done_in_whatever_order(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (the same days again)
    domain = Domain()
    now: dict[str, dict[int, int]] = {"/p": {}, "/q": {}}
    for step in range(40):
        names = list(domain.said)
        what = chance.choice(["create", "write", "write", "revert", "delete"])
        if what == "create":
            domain.create(chance.choice([("/p",), ("/p", "/q")]))
        elif what == "write":
            wanted, place = chance.choice(["/p", "/q"]), chance.randrange(5)
            domain.write(wanted, place, step)
            now[wanted][place] = step
        elif what == "revert" and names:
            name = chance.choice(names)
            domain.revert(name)
            now |= {wanted: dict(said) for wanted, said in domain.said[name].items()}
            domain.tidy()
        elif what == "delete" and names:
            domain.delete(chance.choice(names))
        domain.check()
        assert {wanted: domain.images.read(domain.active(wanted)) for wanted in now} == now
    for name in list(domain.said):
        domain.delete(name)
    assert domain.tree.empty, "without snapshots the guest file names what is used"
    assert set(domain.images.base) == {"/p", "/q"}
    assert {wanted: domain.images.read(wanted) for wanted in now} == now


def test_what_others_are_based_on_stays() -> None:
    domain = Domain()
    first = domain.create(("/p",))
    overlay = domain.active("/p")
    domain.tree = without(domain.tree, domain.tree.snapshots[0])
    assert next_chore(domain.tree, {"/p"}) is None
    assert next_chore(domain.tree, {overlay}) is None
    chore = next_chore(domain.tree)
    assert chore is not None
    assert (chore.snapshot, chore.upper, chore.active) == (first, overlay, True)


def test_a_deleted_one_is_looked_through() -> None:
    domain = Domain()
    first, second = domain.create(("/p",)), domain.create(("/p",))
    domain.create(("/p",))
    domain.tree = without(domain.tree, replace(domain.tree.snapshots[1]))
    assert by_name(domain.tree, second) is None
    assert named_parent(domain.tree, second) == first
    assert based_on(domain.tree, "/p") == (f"/p.{first}",)
