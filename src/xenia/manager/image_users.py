"""Which domains have which images: those that guest files name, and those of what runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from xenia.manager.definitions import Definitions
from xenia.manager.table import Table
from xenia.model.disk import Disk, DiskFormat, DiskSource
from xenia.model.domain import Definition, Started
from xenia.model.image import Image, ImageUser
from xenia.storage.volumes.device import real_path
from xenia.store.records import Records
from xenia.store.snapshots import SnapshotTrees


@dataclass(frozen=True, slots=True)
class ImageUsers:
    """As it is when it is asked: by the real paths of images, each with the format that its disk says it has."""

    definitions: Definitions
    table: Table
    records: Records
    trees: SnapshotTrees
    warm: Callable[[], Sequence[Started]] = tuple
    """Clones that are held ready."""

    async def now(self) -> Mapping[str, tuple[tuple[ImageUser, str], ...]]:
        """The users of each image that is named, without those of what is based on it."""
        await self.definitions.refresh()
        found: dict[str, dict[tuple[str, str], tuple[ImageUser, str]]] = {}
        for user, path, disk in [*self._defined(), *self._running(), *self._suspended()]:
            found.setdefault(path, {})[user.domain, user.target] = (user, disk.format.value)
        for user, path, form in self._layers():
            found.setdefault(path, {}).setdefault((user.domain, user.target), (user, form.value))
        return {path: tuple(users.values()) for path, users in found.items()}

    def kept_for(self, path: str) -> str:
        """Who counts on the content of the image `path` though nobody may have it open: a domain that was suspended, or
        has snapshots. "" for nobody.
        """
        suspended = (user.domain for user, its, _ in self._suspended() if its == path)
        layers = (user.domain for user, its, _ in self._layers() if its == path)
        found = next(suspended, "")
        if found:
            return f"domain '{found}', which is suspended"
        found = next(layers, "")
        return f"the snapshots of domain '{found}'" if found else ""

    def _defined(self) -> Iterator[tuple[ImageUser, str, Disk]]:
        for config, file in self.definitions.files():
            for disk in config.disks:
                if path := image_path(disk, file):
                    yield ImageUser(config.name, disk.target), path, disk

    def _running(self) -> Iterator[tuple[ImageUser, str, Disk]]:
        for started in (*(entry.started for entry in self.table), *self.warm()):
            for disk in started.config.disks:
                if path := image_path(disk, started.definition.file):
                    yield ImageUser(started.config.name, disk.target, runs=True), path, disk

    def _suspended(self) -> Iterator[tuple[ImageUser, str, Disk]]:
        for record in self.records.all():
            for disk in record.suspended.disks if record.suspended is not None else ():
                if path := image_path(disk, record.definition.file):
                    yield ImageUser(record.name, disk.target), path, disk

    def _layers(self) -> Iterator[tuple[ImageUser, str, DiskFormat]]:
        """Of snapshots, and of what domains write to since."""
        for tree in self.trees.all():
            record = self.records.by_uuid(tree.uuid)
            name = record.name if record is not None else tree.uuid
            runs = self.table.get(tree.uuid) is not None
            for overlay in tree.overlays:
                yield ImageUser(name, overlay.target, runs=runs), overlay.path, DiskFormat.QCOW2
            for layer in (layer for each in tree.snapshots for layer in each.layers):
                yield ImageUser(name, layer.target, runs=runs), layer.path, layer.format


def with_users(images: Iterable[Image], users: Mapping[str, tuple[tuple[ImageUser, str], ...]]) -> tuple[Image, ...]:
    """`images` with who uses each, by itself or by what is based on it."""
    known = {image.path: image for image in images}
    own = {path: tuple(user for user, _ in found) for path, found in users.items()}

    def of(path: str, met: frozenset[str]) -> Iterator[ImageUser]:
        yield from own.get(path, ())
        for clone in known[path].clones if path in known and path not in met else ():
            yield from of(clone, met | {path})

    return tuple(replace(image, users=tuple(dict.fromkeys(of(path, frozenset())))) for path, image in known.items())


def image_path(disk: Disk, file: str) -> str:
    """The real path of the image of a disk, of a domain with the guest file `file`; "" where there is none. A block
    device may be named without /dev/.
    """
    if disk.source not in (DiskSource.FILE, DiskSource.BLOCK) or not disk.path:
        return ""
    path = disk.absolute(Definition(file).folder).path
    return real_path(path) if path.startswith("/") else ""
