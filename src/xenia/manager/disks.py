"""Disks of a domain: plugging one in, unplugging one, changing the medium of a drive; now and at its next start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from xenia.engines.base import Engine
from xenia.guestfile.write import disk_item
from xenia.lib.codec import to_plain
from xenia.manager.definitions import ReadGuestFile
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.plugging import Plugging
from xenia.manager.scopes import Asked, Edits, Kept, Scopes
from xenia.manager.table import Entry
from xenia.model.caller import Caller, Role
from xenia.model.change import Action, Change
from xenia.model.complaint import Severity
from xenia.model.disk import Disk, DiskSource
from xenia.model.domain import DomainConfig, Started
from xenia.model.errors import conflict, denied, invalid, not_found
from xenia.model.job import Job
from xenia.model.scope import Scope

_HINT = "for example: file:/path/to/image,xvdb,w; xm help block-attach says more"


@dataclass(frozen=True, slots=True)
class Disks:
    """What is done to the domain lasts as long as it does, also when a policy starts it over; what is done to its guest
    file counts from its next start on. Each is a job with `{"domain": NAME, "disk": Disk, "file": FILE, "notes":
    [TEXT]}`, FILE being the guest file that was edited, or "". They raise as `Scopes.start`.
    """

    lifecycle: Lifecycle
    plugging: Plugging
    read: ReadGuestFile
    scopes: Scopes

    def attach(
        self, ref: str, spec: str, folder: str, scope: Scope, caller: Caller, *, until_taken: bool = True
    ) -> Job:
        """Plug in the disk that `spec` is, as an item of `disk = [...]`; a path without a slash in front is below
        `folder`. With `until_taken`, a guest that is up is to take it, or it is unplugged again.

        Fails with invalid for what is no disk or cannot be plugged in here, denied for an operator and a domain that an
        administrator has started, a conflict for a target or image that is taken, timed_out for a guest that ignores
        it, and what opening an image raises.
        """

        async def change(asked: Asked) -> dict[str, Any]:
            disk, remarks = await self._read(spec)
            disk = disk.absolute(folder)
            if asked.entry is not None:
                disk = self._pluggable(disk, _givable(asked.entry, caller).config)

            async def live(entry: Entry) -> tuple[str, ...]:
                return await self.plugging.attach_disk(entry, disk, until_taken=until_taken)

            def edits(wanted: DomainConfig) -> Sequence[Change]:
                other = _kept(wanted, disk.target)
                if other is None:
                    return (Change(Action.ADD, "disk", disk_item(disk)),)
                if _same(other, disk) and asked.entry is not None:
                    return ()
                raise conflict(
                    f"the guest file of '{wanted.name}' has a disk {disk.target} already: {other.path or 'empty'}",
                    f"xm block-attach --live {wanted.name} leaves the file as it is",
                )

            return _told(disk, *await _change(asked, edits, live), remarks)

        return self.scopes.start("block-attach", ref, scope, caller, change)

    def _pluggable(self, disk: Disk, config: DomainConfig) -> Disk:
        """With a number of its own. Raises invalid, and a conflict for a name that is taken."""
        if any(other.target == disk.target for other in config.disks):
            name = config.name
            raise conflict(f"domain '{name}' has a disk {disk.target} already", f"xm block-list {name} shows them")
        disk = replace(disk, item=1 + max((other.item for other in config.disks), default=0))
        refuse(self.lifecycle.engine, replace(config, disks=(*config.disks, disk)))
        return disk

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

    def detach(self, ref: str, target: str, scope: Scope, caller: Caller, *, force: bool) -> Job:
        """Unplug the disk `target`, with or without /dev/ in front.

        Fails with not_found, a conflict for the disk that the guest boots from unless `force`, timed_out for a guest
        that does not let go of it.
        """
        name = target.removeprefix("/dev/")

        async def change(asked: Asked) -> dict[str, Any]:
            gone: list[Disk] = []

            async def live(entry: Entry) -> tuple[str, ...]:
                await self.plugging.detach_disk(entry, name)
                return ()

            def edits(wanted: DomainConfig) -> Sequence[Change]:
                if asked.entry is not None and _kept(wanted, name) is None:
                    return ()
                gone.append(found_disk(wanted, name))
                _spare_boot_disk(wanted, gone[-1], force=force)
                return (Change(Action.REMOVE, "disk", name),)

            if asked.entry is not None:
                config = own(asked.entry).config
                gone.append(found_disk(config, name))
                _spare_boot_disk(config, gone[-1], force=force)
            notes, kept = await _change(asked, edits, live)
            return _told(gone[0], notes, kept)

        return self.scopes.start("block-detach", ref, scope, caller, change)

    def insert(
        self, ref: str, target: str, path: str, folder: str, scope: Scope, caller: Caller, *, force: bool
    ) -> Job:
        """Put the image or device `path` into the CD-ROM drive `target`, in the place of what is in it.

        Fails with not_found, invalid for a disk that is no such drive, a conflict when the guest has locked it and
        `force` is not set, and what `attach` fails with for an image.
        """

        async def medium(drive: Disk) -> tuple[Disk, list[str]]:
            disk, remarks = await self._read(f"vdev={drive.target},devtype=cdrom,access=ro,target={path}")
            if disk.source is DiskSource.EMPTY:
                raise invalid("no medium is named", "take out the one that is there: xm cd-eject")
            return disk.absolute(folder), remarks

        return self._change_medium("cd-insert", ref, target, medium, scope, caller, force=force)

    def eject(self, ref: str, target: str, scope: Scope, caller: Caller, *, force: bool) -> Job:
        """Take the medium out of the CD-ROM drive `target`. Fails as `insert`."""

        async def medium(drive: Disk) -> tuple[Disk, list[str]]:
            return drive.empty, []

        return self._change_medium("cd-eject", ref, target, medium, scope, caller, force=force)

    def configure(self, ref: str, spec: str, folder: str, scope: Scope, caller: Caller) -> Job:
        """Make the disk of the target that `spec` names what `spec` says: while the guest runs, another medium in a
        drive; from its next start on, anything.

        Fails with not_found, a conflict for what cannot be changed while the guest has it, and as `insert`.
        """

        async def change(asked: Asked) -> dict[str, Any]:
            disk, remarks = await self._read(spec)
            disk = disk.absolute(folder)

            async def live(entry: Entry) -> tuple[str, ...]:
                has = found_disk(_givable(entry, caller).config, disk.target)
                wanted = replace(disk, item=has.item)
                if wanted == has:
                    return ()
                if not has.cdrom or wanted.empty != has.empty:
                    raise conflict(
                        f"{disk.target} stays what it is as long as the guest has it: only a CD-ROM drive gets another "
                        "medium",
                        f"xm block-detach and block-attach it; or with --config, for the next start of "
                        f"'{asked.domain.name}'",
                    )
                return await self.lifecycle.change_medium(entry, wanted, force=False)

            def edits(wanted: DomainConfig) -> Sequence[Change]:
                kept = _kept(wanted, disk.target) if asked.entry is not None else found_disk(wanted, disk.target)
                return _replaced(wanted, kept, disk)

            return _told(disk, *await _change(asked, edits, live), remarks)

        return self.scopes.start("block-configure", ref, scope, caller, change)

    def _change_medium(
        self,
        operation: str,
        ref: str,
        target: str,
        medium: Callable[[Disk], Awaitable[tuple[Disk, list[str]]]],
        scope: Scope,
        caller: Caller,
        *,
        force: bool,
    ) -> Job:
        async def change(asked: Asked) -> dict[str, Any]:
            if asked.entry is not None:
                config = (_givable(asked.entry, caller) if operation == "cd-insert" else own(asked.entry)).config
            else:
                await self.scopes.guest_files.definitions.refresh()
                config = await self.scopes.guest_files.wanted(asked.domain.name)
            drive = _drive(config, target)
            disk, remarks = await medium(drive)

            async def live(entry: Entry) -> tuple[str, ...]:
                return await self.lifecycle.change_medium(entry, replace(disk, item=drive.item), force=force)

            def edits(wanted: DomainConfig) -> Sequence[Change]:
                kept = _kept(wanted, disk.target)
                return _replaced(wanted, kept, disk) if kept is not None and kept.cdrom else ()

            return _told(disk, *await _change(asked, edits, live), remarks)

        return self.scopes.start(operation, ref, scope, caller, change)


async def _change(
    asked: Asked, edits: Edits, live: Callable[[Entry], Awaitable[tuple[str, ...]]]
) -> tuple[tuple[str, ...], Kept]:
    notes, kept = await asked.change(edits, partial(live, asked.entry) if asked.entry is not None else None)
    return notes or (), kept


def _told(disk: Disk, notes: Sequence[str], kept: Kept, remarks: Sequence[str] = ()) -> dict[str, Any]:
    return {"disk": to_plain(disk), "file": kept.file, "notes": [*remarks, *notes, *kept.notes]}


def _kept(wanted: DomainConfig, target: str) -> Disk | None:
    return next((disk for disk in wanted.disks if disk.target == target), None)


def _replaced(wanted: DomainConfig, kept: Disk | None, disk: Disk) -> Sequence[Change]:
    if kept is None or _same(kept, disk):
        return ()
    return in_its_place(wanted, replace(disk, item=kept.item))


def in_its_place(wanted: DomainConfig, disk: Disk) -> Sequence[Change]:
    """What makes the disk of that target in a guest file `disk`. Those behind it stay in their order, by which guests
    call them.
    """
    place = next(place for place, each in enumerate(wanted.disks) if each.target == disk.target)
    behind = wanted.disks[place + 1 :]
    gone = [Change(Action.REMOVE, "disk", each.target) for each in (wanted.disks[place], *behind)]
    return (*gone, *(Change(Action.ADD, "disk", disk_item(each)) for each in (disk, *behind)))


def _same(one: Disk, other: Disk) -> bool:
    """Wherever they stand in their lists."""
    return replace(one, item=0) == replace(other, item=0)


def _spare_boot_disk(config: DomainConfig, disk: Disk, *, force: bool) -> None:
    if disk == _boot_disk(config) and not force:
        raise conflict(
            f"{disk.target} is the first disk of domain '{config.name}', which it probably runs from",
            f"if it does not: xm block-detach --force {config.name} {disk.target}",
        )


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


def found_disk(config: DomainConfig, target: str) -> Disk:
    """The disk `target`, with or without /dev/ in front. Raises not_found."""
    name = target.removeprefix("/dev/")
    disk = next((disk for disk in config.disks if disk.target == name), None)
    if disk is None:
        there = ", ".join(disk.target for disk in config.disks) or "none"
        raise not_found(f"domain '{config.name}' has no disk {name}", f"it has: {there}")
    return disk


def _drive(config: DomainConfig, target: str) -> Disk:
    disk = found_disk(config, target)
    if not disk.cdrom:
        drives = ", ".join(disk.target for disk in config.disks if disk.cdrom)
        raise invalid(
            f"{disk.target} of domain '{config.name}' is no CD-ROM drive",
            f"it has: {drives}" if drives else "an empty drive in a guest file: ',hdc:cdrom,r'",
        )
    return disk


def _boot_disk(config: DomainConfig) -> Disk | None:
    """The first disk, if the domain was started with it: what was plugged in has a number that is not its place."""
    first = next(((place, disk) for place, disk in enumerate(config.disks) if not disk.cdrom), None)
    return first[1] if first is not None and first[0] == first[1].item else None
