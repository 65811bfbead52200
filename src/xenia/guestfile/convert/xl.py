"""An xl.cfg, as xl of Xen 4.17 reads it."""

from __future__ import annotations

from dataclasses import replace

from xenia.guestfile.convert.cards import without_our_words
from xenia.guestfile.convert.numbered import lettered
from xenia.guestfile.convert.others import others
from xenia.guestfile.convert.written import Written
from xenia.guestfile.keys import Dialect
from xenia.guestfile.write import layout, settings_of
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode
from xenia.model.domain import DomainConfig


def to_xl(config: DomainConfig) -> Written:
    """Raises invalid for a value that cannot stand in a guest file."""
    kept, lost = others(config.other, Dialect.XL)
    config, renamed = lettered(config)
    config, words = without_our_words(config, "xl")
    lost = [*renamed, *words, *filter(None, map(_lost, config.disks)), *lost]
    disks = tuple(_as_xl_has_it(disk) for disk in config.disks if _unspeakable(disk) is None)
    settings = settings_of(replace(config, disks=disks))
    others_last = settings | {name: value for name, value in kept.items() if name not in settings}
    return Written(layout(others_last), tuple(lost))


def _lost(disk: Disk) -> str | None:
    if (reason := _unspeakable(disk)) is not None:
        return f"the disk {disk.target} ({disk.path}): {reason}"
    if disk.mode is DiskMode.SHARED:
        return f"w! of the disk {disk.target}: xl has no word for it, and lets several guests write one image unasked"
    return None


def _unspeakable(disk: Disk) -> str | None:
    """Why xl could not have the disk at all."""
    if disk.bus is DiskBus.FLOPPY:
        return "xl has no floppy drives"
    return "xl does not know the format vmdk" if disk.format is DiskFormat.VMDK else None


def _as_xl_has_it(disk: Disk) -> Disk:
    return replace(disk, mode=DiskMode.WRITE) if disk.mode is DiskMode.SHARED else disk
