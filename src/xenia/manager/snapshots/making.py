"""Making a snapshot: overlays for all disks, used from one moment on, and with them the memory of a guest that runs.

What is about to be used is written down before. A new xend asks the engine which images its guest writes to; where the
guest is gone, the overlays are used, for they show what is below them.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, cast

from xenia.engines.base import LayersDisks
from xenia.lib.steps import step
from xenia.manager.freezing import SECONDS as FROZEN_SECONDS
from xenia.manager.freezing import Freezing
from xenia.manager.image_users import image_path
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.saves import Saves
from xenia.manager.snapshots.current import unfit, upon, writable
from xenia.manager.snapshots.sweeping import Sweeping
from xenia.manager.snapshots.tree import depth, discarding, grown
from xenia.manager.table import Entry
from xenia.model.disk import Disk, DiskFormat
from xenia.model.domain import DomainConfig
from xenia.model.errors import XeniaError, conflict, invalid
from xenia.model.event import EventKind
from xenia.model.host import Capability
from xenia.model.layers import Merge
from xenia.model.save import StoodStill
from xenia.model.snapshot import Layer, Moment, Overlay, Pending, Snapshot, SnapshotTree, Step
from xenia.storage.open import DEPTH_LIMIT, OpenedDisk
from xenia.store.snapshots import SnapshotTrees
from xenia.store.variables import UefiVariables

log = logging.getLogger(__name__)

DEEPEST = DEPTH_LIMIT - 4
"""Layers; an image that a guest file names may lie upon others itself."""


class KeepsOverlays(Protocol):
    """The seam to the images: storage.overlay."""

    def folder_of(self, base: str) -> str: ...

    def place(self, base: str, identity: str) -> str: ...

    async def make(self, base: str, form: DiskFormat, path: str) -> None: ...

    async def copy(self, path: str, form: DiskFormat, target: str, below: Collection[str]) -> None: ...

    async def rename(self, path: str, new: str) -> None: ...

    def untouched(self, path: str) -> bool: ...

    async def remove(self, path: str) -> None: ...

    async def protect(self, path: str) -> None: ...

    async def unprotect(self, path: str) -> None: ...

    def stamp(self, path: str) -> tuple[int, int]: ...

    def allocated(self, path: str) -> int: ...

    def opened(self, disk: Disk) -> AbstractContextManager[OpenedDisk]: ...

    async def merge(self, wanted: Merge, lower: DiskFormat, tell: Callable[[float], None]) -> None: ...

    async def rebase(self, path: str, layer: Layer) -> None: ...


@dataclass(frozen=True, slots=True)
class Making:
    """`look` takes a picture of a guest's screen into a file, or says that it has none. `folder` is where the memory of
    snapshots is, which only xend's own user may enter.
    """

    lifecycle: Lifecycle
    freezing: Freezing
    saves: Saves
    trees: SnapshotTrees
    images: KeepsOverlays
    variables: UefiVariables
    sweeping: Sweeping
    look: Callable[[Entry, Path], Awaitable[bool]]
    folder: Path
    new_id: Callable[[], str]

    async def make(
        self,
        tree: SnapshotTree,
        snapshot: Snapshot,
        file: str,
        entry: Entry | None,
        *,
        memory: bool,
        tell: Callable[[float], None],
    ) -> tuple[SnapshotTree, StoodStill | None]:
        """Make `snapshot`, of a domain that runs as `entry` or does not run; `file` is its guest file. The caller has
        the domain's turn. The tree with it, and for how long the domain stood still for its memory.

        Raises invalid for a disk of which there can be none, a conflict where layers are too many, and what making an
        overlay, the engine and a save raise; then there is none of it.
        """
        disks = fit(snapshot.config)
        if (deep := depth(tree)) >= DEEPEST:
            raise conflict(
                f"the disks of '{snapshot.config.name}' lie upon {deep} layers already",
                "delete snapshots, or clones: what they need is kept; a clone with --full needs nothing",
            )
        overlays = tuple(self.overlay_of(disk, file, tree, snapshot.id) for disk in disks)
        layers = tuple(_layer(disk, overlay, tree) for disk, overlay in zip(disks, overlays, strict=True))
        variables = await self.variables.packed(tree.uuid)
        snapshot = replace(snapshot, layers=layers, parent=tree.current, variables=variables)
        if entry is not None:
            snapshot = replace(snapshot, moment=Moment.MEMORY if memory else Moment.CRASH, paused=entry.started.paused)
            snapshot = replace(snapshot, picture=str(self.folder / tree.uuid / f"{snapshot.id}.png"))
        if memory:
            snapshot = replace(snapshot, memory=str(self.folder / tree.uuid / f"{snapshot.id}.save"))
        await self.trees.save(replace(tree, pending=Pending(Step.CREATE, snapshot, overlays)))
        stood = None
        try:
            for layer, overlay in zip(layers, overlays, strict=True):
                await self.images.make(layer.path, layer.format, overlay.path)
                step(f"disk {overlay.target}: {layer.path} stays as it is, {overlay.path} takes what is written")
            if entry is not None:
                snapshot = replace(snapshot, picture=await self._picture(entry, snapshot))
                if await self._frozen(entry, memory=memory):
                    snapshot = replace(snapshot, moment=Moment.FROZEN)
                variables, stood = await self._use(entry, snapshot, overlays, tell)
                snapshot = replace(snapshot, variables=variables)
        except BaseException:
            await self.settle(self.trees.of(tree.uuid), entry)
            raise
        finally:
            if entry is not None:
                await self.freezing.thaw_if_frozen(entry)
        return await self.finish(tree, snapshot, overlays, entry), stood

    def overlay_of(self, disk: Disk, file: str, tree: SnapshotTree, identity: str) -> Overlay:
        """The overlay that a disk is to write to."""
        base = image_path(disk, file)
        wanted = next((each.wanted for each in tree.overlays if each.path == base), base)
        return Overlay(disk.target, wanted, self.images.place(base, identity), base)

    async def _picture(self, entry: Entry, snapshot: Snapshot) -> str:
        try:
            return snapshot.picture if await self.look(entry, Path(snapshot.picture)) else ""
        except (XeniaError, OSError) as error:
            log.info("there is no picture of the screen of %s: %s", entry.started.config.name, error)
            step(f"there is no picture of its screen: {error}")
            return ""

    async def _frozen(self, entry: Entry, *, memory: bool) -> bool:
        """Have the guest write out what it has, where it can and that is needed."""
        if memory or Capability.AGENT_COMMANDS not in self.lifecycle.engine.capabilities or entry.started.paused:
            return False
        return await self.freezing.freeze_if_it_answers(entry, FROZEN_SECONDS)

    async def _use(
        self, entry: Entry, snapshot: Snapshot, overlays: Sequence[Overlay], tell: Callable[[float], None]
    ) -> tuple[str, StoodStill | None]:
        """Have a guest write to its overlays, in the moment of which its memory is kept where that is wanted. What its
        UEFI variables are then, and for how long it stood still for its memory.
        """
        variables = snapshot.variables
        stood = None

        async def around(use: Callable[[], Awaitable[None]]) -> None:
            async def put() -> None:
                nonlocal variables
                await use()
                variables = await self.variables.packed(entry.started.uuid)

            nonlocal stood
            if snapshot.memory:
                clones = not snapshot.name
                stood = await self.saves.checkpoint(entry, file, snapshot.save_id, tell, put, mapped=clones)
            else:
                await put()

        file = Path(snapshot.memory)
        if snapshot.memory:
            self.saves.files.make_folder(self.folder)
            self.saves.files.make_folder(file.parent)
        with ExitStack() as held:
            disks = [held.enter_context(self.images.opened(disk)) for disk in _upon(entry, overlays)]
            engine = cast(LayersDisks, self.lifecycle.engine)
            await engine.put_overlays(entry.started.uuid, disks, snapshot.id, around)
        return variables, stood

    async def finish(
        self, tree: SnapshotTree, snapshot: Snapshot, overlays: tuple[Overlay, ...], entry: Entry | None
    ) -> SnapshotTree:
        """What follows once the overlays are used."""
        snapshot = replace(snapshot, layers=tuple(map(self._stamped, snapshot.layers)))
        for layer in snapshot.layers:
            with suppress(OSError):  # a mark for others; what counts is written down
                await self.images.protect(layer.path)
        tree = grown(tree, snapshot, overlays)
        await self.trees.note(tree)
        if entry is not None:
            await self.put_down(entry, overlays)
            self.lifecycle.bus.publish(EventKind.SNAPSHOT, entry.started, snapshot.name)
        return tree

    async def put_down(self, entry: Entry, overlays: Sequence[Overlay]) -> None:
        """What a guest that runs writes to, from now on."""
        by_base = {(each.target, each.base): each.path for each in overlays}
        config = entry.started.config
        disks = tuple(
            each.upon(by_base[each.target, path]) if (each.target, path) in by_base else each
            for each in config.disks
            for path in (image_path(each, entry.started.definition.file),)
        )
        if disks != config.disks:
            await self.lifecycle.note(entry, config=replace(config, disks=disks))

    def _stamped(self, layer: Layer) -> Layer:
        size, changed = self.images.stamp(layer.path)
        return replace(layer, size=size, changed=changed)

    async def settle(self, tree: SnapshotTree, entry: Entry | None) -> SnapshotTree:
        """Bring a snapshot that was not finished to one side or the other. Where its guest does not answer, or is gone,
        nobody knows whether it wrote to the overlays: they show what is below them, and so are right in any case; but
        what is below them may not be what it was in one moment, and so is no snapshot.
        """
        pending = tree.pending
        if pending is None or pending.step is not Step.CREATE:
            return tree
        tree = replace(tree, pending=None)
        snapshot = pending.snapshot
        used = await self._uses(entry, pending.overlays)
        if used is False:
            unused = (*(each.path for each in pending.overlays), snapshot.memory, snapshot.picture)
            tree = discarding(tree, *unused)
            await self.trees.note(tree)
            return await self.sweeping.sweep(tree)
        if not used or (snapshot.memory and not self.saves.files.holds(Path(snapshot.memory), snapshot.save_id)):
            tree = discarding(tree, snapshot.memory, snapshot.picture)
            snapshot = replace(snapshot, name="", memory="", picture="", text="", description="")
        return await self.finish(tree, snapshot, pending.overlays, entry)

    async def _uses(self, entry: Entry | None, overlays: Sequence[Overlay]) -> bool | None:
        """Whether a guest writes to them, which it does not before all are there; None where nobody knows."""
        if any(self.images.stamp(each.path)[0] < 0 for each in overlays):
            return False
        if entry is None:
            return None
        try:
            writes = await cast(LayersDisks, self.lifecycle.engine).written_to(entry.started.uuid)
        except XeniaError as error:
            log.warning("what domain %s writes to cannot be asked: %s", entry.started.config.name, error)
            return None
        return any(writes.get(each.target) == each.path for each in overlays)


def fit(config: DomainConfig) -> list[Disk]:
    """The disks that a snapshot has to have. Raises invalid where there can be none of one of them."""
    disks = [disk for disk in config.disks if writable(disk)]
    for disk in disks:
        if why := unfit(disk):
            raise invalid(f"there can be no snapshot of the disk {disk.target} of '{config.name}': {why}")
    if not disks:
        raise invalid(f"domain '{config.name}' has no disk that it writes to: a snapshot would be of nothing")
    return disks


def _layer(disk: Disk, overlay: Overlay, tree: SnapshotTree) -> Layer:
    below = next((each.base for each in tree.overlays if each.path == overlay.base), "")
    return Layer(disk.target, overlay.base, disk.format, below)


def _upon(entry: Entry, overlays: Sequence[Overlay]) -> list[Disk]:
    targets = {each.target for each in overlays}
    return [disk for disk in upon(entry.started.config, overlays).disks if disk.target in targets]
