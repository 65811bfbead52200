"""What a domain with snapshots writes to, in the place of what its guest file names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from xenia.manager.image_users import image_path
from xenia.model.disk import Disk, DiskFormat, DiskMode, DiskSource
from xenia.model.domain import DomainConfig
from xenia.model.snapshot import Overlay
from xenia.store.records import Records
from xenia.store.snapshots import SnapshotTrees

_FORMATS = (DiskFormat.RAW, DiskFormat.QCOW2)


@dataclass(frozen=True, slots=True)
class CurrentDisks:
    """A guest file goes on naming the image that it has always named: what is written since a snapshot goes to an
    overlay, which is looked up here. A disk that the guest file has come to name otherwise is another disk.
    """

    trees: SnapshotTrees
    records: Records

    def of(self, config: DomainConfig, file: str) -> DomainConfig:
        """What the domain of a guest file is started with. Raises unavailable where that cannot be known, as
        SnapshotTrees.of.
        """
        known = self.records.by_name(config.name)
        if known is None or (config.uuid is not None and config.uuid != known.uuid):
            return config
        overlays = {each.target: each for each in self.trees.of(known.uuid).overlays}
        if not overlays:
            return config
        return replace(config, disks=tuple(_current(disk, overlays.get(disk.target), file) for disk in config.disks))


def _current(disk: Disk, overlay: Overlay | None, file: str) -> Disk:
    if overlay is None or image_path(disk, file) != overlay.wanted or not writable(disk):
        return disk
    return disk.upon(overlay.path)


def upon(config: DomainConfig, overlays: Iterable[Overlay]) -> DomainConfig:
    """As it writes to these."""
    by_target = {each.target: each.path for each in overlays}
    disks = (each.upon(by_target[each.target]) if each.target in by_target else each for each in config.disks)
    return replace(config, disks=tuple(disks))


def writable(disk: Disk) -> bool:
    """Whether the guest writes to it, so that a snapshot has to have it."""
    return not disk.cdrom and disk.mode is not DiskMode.READ_ONLY and bool(disk.path)


def unfit(disk: Disk) -> str:
    """Why there can be no snapshot of a disk that is written to; "" where there can."""
    if disk.mode is DiskMode.SHARED:
        return "other domains write to it, too (w!)"
    if disk.source not in (DiskSource.FILE, DiskSource.BLOCK):
        return "it is a network disk"
    if disk.format not in _FORMATS:
        return f"it is in the format {disk.format}"
    return ""
