"""Disks of a domain that runs: plugging one in, unplugging one, changing the medium of a drive."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

from xenia.engines.base import Engine
from xenia.lib.codec import to_plain
from xenia.manager.definitions import ReadGuestFile
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.table import Entry
from xenia.model.caller import Caller, Role
from xenia.model.complaint import Severity
from xenia.model.disk import Disk, DiskSource
from xenia.model.domain import DomainConfig, Started
from xenia.model.errors import conflict, denied, invalid, not_found

_HINT = "for example: file:/path/to/image,xvdb,w; xm help block-attach says more"


@dataclass(frozen=True, slots=True)
class Disks:
    """Callers hold the lock of the domain's name. The guest file stays as it is: what is done here lasts as long as the
    domain does, also when a policy starts it over.
    """

    lifecycle: Lifecycle
    read: ReadGuestFile

    async def attach(self, entry: Entry, spec: str, folder: str, caller: Caller) -> dict[str, Any]:
        """Plug in the disk that `spec` is, as an item of `disk = [...]`; a path without a slash in front is below
        `folder`. Its result is `{"disk": Disk, "notes": [TEXT]}`.

        Raises invalid for what is no disk or cannot be plugged in here, denied for an operator and a domain that an
        administrator has started, a conflict for a target or image that is taken, and what opening an image raises.
        """
        started = _givable(entry, caller)
        disk, remarks = await self._read(spec)
        disk = _placed(disk, folder, started.config)
        if any(other.target == disk.target for other in started.config.disks):
            name = started.config.name
            raise conflict(f"domain '{name}' has a disk {disk.target} already", f"xm block-list {name} shows them")
        refuse(self.lifecycle.engine, replace(started.config, disks=(*started.config.disks, disk)))
        notes = await self.lifecycle.attach_disk(entry, disk)
        return {"disk": to_plain(disk), "notes": [*remarks, *notes]}

    async def _read(self, spec: str) -> tuple[Disk, list[str]]:
        """The disk, read as a word of the command line of create would be, and remarks on it. Raises invalid."""
        reading = await self.read("", "", ("name=spec", f"disk={spec}"))
        disks = reading.config.disks if reading.config is not None else ()
        said = [each for each in reading.complaints if each.key.startswith("disk")]
        wrong = next((each for each in said if each.severity is Severity.ERROR), None)
        if wrong is not None:
            raise invalid(f"'{spec}' cannot be used: {wrong.message}", wrong.hint or _HINT)
        if len(disks) != 1:
            raise invalid(f"'{spec}' is not one disk", _HINT)
        return disks[0], [each.message for each in said]

    async def detach(self, entry: Entry, target: str, *, force: bool) -> dict[str, Any]:
        """Unplug the disk `target`, with or without /dev/ in front. Its result is `{"disk": Disk}`.

        Raises not_found, a conflict for the disk that the guest boots from unless `force`, timed_out for a guest that
        does not let go of it.
        """
        config = own(entry).config
        disk = _found(config, target)
        name = disk.target
        if disk == _boot_disk(config) and not force:
            raise conflict(
                f"{name} is the first disk of domain '{config.name}', which it probably runs from",
                f"if it does not: xm block-detach --force {config.name} {name}",
            )
        await self.lifecycle.detach_disk(entry, disk.target)
        return {"disk": to_plain(disk)}

    async def insert(
        self, entry: Entry, target: str, path: str, folder: str, caller: Caller, *, force: bool
    ) -> dict[str, Any]:
        """Put the image or device `path` into the CD-ROM drive `target`, in the place of what is in it. Its result is
        that of `attach`.

        Raises not_found, invalid for a disk that is no such drive, a conflict when the guest has locked it and `force`
        is not set, and what `attach` raises of an image.
        """
        started = _givable(entry, caller)
        drive = _drive(started.config, target)
        disk, remarks = await self._read(f"vdev={drive.target},devtype=cdrom,access=ro,target={path}")
        if disk.source is DiskSource.EMPTY:
            raise invalid(
                "no medium is named", f"take out the one that is there: xm cd-eject {entry.started.config.name}"
            )
        medium = replace(_placed(disk, folder, started.config), item=drive.item)
        notes = await self.lifecycle.change_medium(entry, medium, force=force)
        return {"disk": to_plain(medium), "notes": [*remarks, *notes]}

    async def eject(self, entry: Entry, target: str, *, force: bool) -> dict[str, Any]:
        """Take the medium out of the CD-ROM drive `target`. Its result is `{"disk": Disk}`. Raises as `insert`."""
        drive = _drive(own(entry).config, target)
        await self.lifecycle.change_medium(entry, drive.empty, force=force)
        return {"disk": to_plain(drive.empty)}


def own(entry: Entry) -> Started:
    """Nothing is written down of a domain of others, so nothing could be found again."""
    started = entry.started
    if started.foreign:
        name = started.config.name
        raise conflict(f"domain '{name}' was started by others", f"take it over first: xm adopt {name}")
    return started


def refuse(engine: Engine, config: DomainConfig) -> None:
    """Raises invalid for what the engine would not start."""
    for complaint in engine.explain(config).complaints:
        if complaint.severity is Severity.ERROR:
            raise invalid(complaint.message, complaint.hint)


def _givable(entry: Entry, caller: Caller) -> Started:
    """A domain that `caller` may give an image to: it is opened with the rights that the domain was started with."""
    started = own(entry)
    if started.trusted and caller.role < Role.ADMINISTRATOR:
        raise denied(f"domain '{started.config.name}' was started by an administrator, and only one may give it a disk")
    return started


def _found(config: DomainConfig, target: str) -> Disk:
    """The disk `target`, with or without /dev/ in front. Raises not_found."""
    name = target.removeprefix("/dev/")
    disk = next((disk for disk in config.disks if disk.target == name), None)
    if disk is None:
        there = ", ".join(disk.target for disk in config.disks) or "none"
        raise not_found(f"domain '{config.name}' has no disk {name}", f"it has: {there}")
    return disk


def _drive(config: DomainConfig, target: str) -> Disk:
    disk = _found(config, target)
    if not disk.cdrom:
        drives = ", ".join(disk.target for disk in config.disks if disk.cdrom)
        raise invalid(
            f"{disk.target} of domain '{config.name}' is no CD-ROM drive",
            f"it has: {drives}" if drives else "an empty drive in a guest file: ',hdc:cdrom,r'",
        )
    return disk


def _placed(disk: Disk, folder: str, config: DomainConfig) -> Disk:
    """With a number of its own, and a path that means the same when the domain is started over."""
    item = 1 + max((other.item for other in config.disks), default=-1)
    if disk.source is DiskSource.FILE and disk.path:
        return replace(disk, item=item, path=os.path.join(folder, disk.path))
    return replace(disk, item=item)


def _boot_disk(config: DomainConfig) -> Disk | None:
    return next((disk for disk in config.disks if not disk.cdrom), None)
