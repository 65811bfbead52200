"""Disks that move to other images while their guests run, and disks that come to stand alone.

A copy takes long, and others have their turn with the domain meanwhile; only its beginning and the change-over are
alone with it. That a disk moves is written down (`Started.moving`) before its new image is made, and once more before
that gets its name. The guest stands still while the guest file and the as-started configuration follow: until then both
images are the same, so that it does not matter which one is taken after a power cut. A new xend asks the engine which
one the guest has, and finishes the move or removes the new image.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from xenia.engines.base import WorksOnDisks
from xenia.lib.aio import to_end
from xenia.lib.codec import to_plain
from xenia.lib.steps import step
from xenia.lib.text import printable
from xenia.manager.disks import found_disk, in_its_place, own
from xenia.manager.guest_files import GuestFiles
from xenia.manager.host_start import HOST
from xenia.manager.image_delete import release
from xenia.manager.image_users import image_path
from xenia.manager.images import Images
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.table import Entry
from xenia.manager.turns import Turns, gone, still_runs
from xenia.model.caller import Caller, Role
from xenia.model.disk import Disk, DiskFormat, DiskMode, DiskSource
from xenia.model.domain import Domain, DomainConfig, Moving, Started
from xenia.model.errors import XeniaError, conflict, denied, invalid
from xenia.model.event import EventKind
from xenia.model.image import ImageFormat, NewImage
from xenia.model.job import Job
from xenia.model.operations import OPERATIONS, require
from xenia.storage.images.create import require_room
from xenia.storage.images.look import free_space
from xenia.storage.images.moved import NewPlace
from xenia.storage.images.place import folder_for
from xenia.storage.images.remove import remove
from xenia.storage.paths import Roots, find, shell_word
from xenia.storage.volumes.device import real_path
from xenia.store.snapshots import SnapshotTrees

log = logging.getLogger(__name__)

_ANYWHERE = Roots(unrestricted=True)


@dataclass(frozen=True, slots=True)
class Moves:
    """`settle` is called for each domain that an earlier xend has left."""

    lifecycle: Lifecycle
    turns: Turns
    guest_files: GuestFiles
    images: Images
    trees: SnapshotTrees

    def move(
        self, ref: str, target: str, path: str, caller: Caller, *, form: ImageFormat | None = None, delete: bool = False
    ) -> Job:
        """Move the disk `target` of a domain that runs to the new image `path`, in the format `form` (None: as its name
        says); with a slash at its end, `path` is a folder, and name and format stay. With `delete` the old image goes.

        The result is `{"domain": NAME, "disk": Disk, "old": PATH, "file": FILE, "notes": [TEXT]}`, FILE being the guest
        file that was edited, or "". Fails with not_found, a conflict for a disk that its domain does not write to
        alone or one of which something moves already, unavailable where it does not fit, engine_failed; then the domain
        has the old image, and there is no new one. It can be cancelled until it changes over.
        """
        operation, domain = "block-move", self._domain("block-move", ref, caller)
        roots, engine, jobs = self.images.roots(caller), self._engine, self.turns.jobs

        async def work() -> dict[str, Any]:
            async with AsyncExitStack() as held:
                async with self._turn(operation, domain) as entry:
                    old = self._alone(entry, target, caller)
                    if delete and old.source is not DiskSource.FILE:
                        raise invalid(f"{old.path} is a block device, and no file", "leave --delete away")
                    wanted = NewImage(f"{path}{Path(old.path).name}" if path.endswith("/") else path, None, form)
                    kept_form = old.format.value if path.endswith("/") and form is None else wanted.chosen_format
                    folder, name = held.enter_context(folder_for(wanted.path, roots))
                    size, taken = await self._measure(old)
                    require_room(folder, taken, "the new image")
                    new = replace(
                        old,
                        path=str(Path(folder.real, name)),
                        source=DiskSource.FILE,
                        format=DiskFormat(kept_form),
                    )
                    place = held.enter_context(NewPlace(folder, name))
                    held.push_async_callback(self._settle_later, domain)
                    await self.lifecycle.record(entry, moving=Moving(new, place.hidden))
                    opened = await place.fill_in(new, size)
                    await engine.begin_move(domain.uuid, opened)
                    step(f"copies {new.target} from {old.path} to {new.path}")
                await engine.until_copied(domain.uuid, new.target, lambda done: jobs.progress(job.id, done))
                async with self._turn(operation, domain) as entry:
                    jobs.commit(job.id)
                    step("the copy is whole: the guest changes over to it")
                    file, notes = await self._change_over(entry, old, place)
            self.lifecycle.bus.publish(EventKind.DISK_MOVED, entry.started, f"{new.target}: {new.path}")
            notes += await self._old_image(old, delete=delete)
            told = {"domain": entry.started.config.name, "disk": to_plain(new), "old": old.path}
            return {**told, "file": file, "notes": notes}

        job = jobs.start(operation, domain.name, caller, work, cancellable=True)
        return job

    def flatten(self, ref: str, target: str, caller: Caller) -> Job:
        """Copy into the image of the disk `target` of a domain that runs what it is based on, so that it stands alone.
        The result is `{"domain": NAME, "disk": Disk, "notes": [TEXT]}`. Fails as `move`. It can be cancelled, and done
        again: what is copied by then stays so.
        """
        operation, domain = "block-flatten", self._domain("block-flatten", ref, caller)
        jobs = self.turns.jobs

        async def work() -> dict[str, Any]:
            async with self._turn(operation, domain) as entry:
                disk = self._alone(entry, target, caller)
                seen, _ = await self.images.look(disk.path, _ANYWHERE)
                below = await self.images.looker.chain(seen, _ANYWHERE)
                free = free_space(str(Path(seen.image.path).parent))
                needed = min(seen.image.size, sum(each.allocated for each in below))
                if needed > free:
                    raise conflict(
                        f"{needed >> 20} MiB are to be copied into '{printable(seen.image.path)}', and "
                        f"{free >> 20} MiB are free",
                        f"move it to where there is room: xm block-move {domain.name} {disk.target} NEW",
                    )
                if below:
                    await self._engine.begin_flatten(domain.uuid, disk.target)
                    step(f"copies into {seen.image.path} what it is based on, of {seen.image.backing}")
            notes = [f"{disk.target} is based on nothing"] if not below else []
            if below:
                await self._engine.until_flattened(domain.uuid, disk.target, lambda done: jobs.progress(job.id, done))
                notes += await release(self.images, seen.image.backing)
            return {"domain": entry.started.config.name, "disk": to_plain(disk), "notes": notes}

        job = jobs.start(operation, domain.name, caller, work, cancellable=True)
        return job

    @property
    def _engine(self) -> WorksOnDisks:
        return cast(WorksOnDisks, self.lifecycle.engine)

    def _domain(self, operation: str, ref: str, caller: Caller) -> Domain:
        require(caller.role, OPERATIONS[operation])
        domain = self.turns.inventory.find(ref)
        self.turns.permit(operation, domain)
        return domain

    @asynccontextmanager
    async def _turn(self, operation: str, domain: Domain) -> AsyncIterator[Entry]:
        """Alone with a domain, if it is still the same and still possible."""
        async with self.turns.of(domain):
            entry = self.turns.table.get(domain.uuid)
            still_runs(domain, entry)
            if entry is None:
                raise gone(domain)
            self.turns.permit(operation, self.turns.inventory.domain(entry))
            yield entry

    def _alone(self, entry: Entry, target: str, caller: Caller) -> Disk:
        """The disk, with its path from / on, if the domain writes to its image and nobody else does."""
        started = own(entry)
        name = started.config.name
        disk = found_disk(started.config, target)
        if started.trusted and caller.role < Role.ADMINISTRATOR:
            raise denied(f"domain '{name}' was started by an administrator, and only one may change its disks")
        if disk.cdrom or disk.mode is not DiskMode.WRITE or disk.source not in (DiskSource.FILE, DiskSource.BLOCK):
            raise invalid(f"{disk.target} is no disk that domain '{name}' alone writes to", f"xm block-list {name}")
        if not self.trees.of(started.uuid).empty:
            raise conflict(
                f"domain '{name}' has snapshots, which lie below the image of {disk.target} where it is",
                f"remove them first: xm snapshot list {name}",
            )
        if started.moving is not None:
            raise conflict(f"{started.moving.disk.target} of domain '{name}' moves already", "wait until it has")
        return disk.absolute(started.definition.folder)

    async def _measure(self, disk: Disk) -> tuple[int, int]:
        """What the guest sees of it, and what that takes on the host, in bytes."""
        seen, _ = await self.images.look(disk.path, _ANYWHERE)
        below = await self.images.looker.chain(seen, _ANYWHERE)
        size = seen.image.size
        return size, min(size, seen.image.allocated + sum(each.allocated for each in below))

    async def _change_over(self, entry: Entry, old: Disk, place: NewPlace) -> tuple[str, list[str]]:
        """Let the guest have the new image; as `_follow`."""
        moving, uuid = cast(Moving, entry.started.moving), entry.started.uuid
        followed: list[tuple[str, list[str]]] = []
        await self.lifecycle.record(entry, moving=replace(moving, named=True))
        await to_end(place.keep)

        async def switched() -> None:
            followed.append(await self._follow(entry.started, old))
            await self.lifecycle.note(entry, config=_with(entry.started.config, moving.disk), moving=None)

        await self._engine.switch(uuid, moving.disk.target, switched)
        return followed[0]

    async def _follow(self, started: Started, old: Disk) -> tuple[str, list[str]]:
        """Have the guest file name the new image, where it names the old one: the file, or "", and what is to be said
        of that.
        """
        new, name = cast(Moving, started.moving).disk, started.config.name
        files = self.guest_files
        try:
            wanted, file = await self._wanted(name)
            kept = next((disk for disk in wanted.disks if disk.target == new.target), None)
            if kept is None or image_path(kept, file) != image_path(old, started.definition.file):
                return "", []
            saved = await files.edit(Path(file).name, in_its_place(wanted, replace(new, item=kept.item)), HOST)
        except XeniaError as error:
            said = f"the guest file of '{name}' has to name {printable(new.path)} now, and was not changed"
            return "", [f"{said}: {error.message}"]
        return saved.file, list(saved.notes)

    async def _wanted(self, name: str) -> tuple[DomainConfig, str]:
        """What its guest file means now, and the path of that."""
        await self.guest_files.definitions.refresh()
        file = self.guest_files.folder.path(await self.guest_files.find_of(name))
        return await self.guest_files.wanted(name), file

    async def _is_followed(self, started: Started) -> bool:
        """Whether the guest file names the new image."""
        new = cast(Moving, started.moving).disk
        with suppress(XeniaError):
            wanted, file = await self._wanted(started.config.name)
            disks = (disk for disk in wanted.disks if disk.target == new.target)
            return any(image_path(disk, file) == real_path(new.path) for disk in disks)
        return False

    async def _old_image(self, old: Disk, *, delete: bool) -> list[str]:
        if not delete:
            return [f"{printable(old.path)} stays as it was then; to remove it: xm disk delete {shell_word(old.path)}"]
        try:
            seen, _ = await self.images.look(old.path, _ANYWHERE)
            with find(old.path, _ANYWHERE) as place:
                remove(place)
        except (XeniaError, OSError) as error:
            return [f"{printable(old.path)} is not removed: {error}"]
        return await release(self.images, seen.image.backing)

    async def _settle_later(self, domain: Domain) -> None:
        """After a move that has failed in this xend."""
        async with self.turns.of(domain):
            entry = self.turns.table.get(domain.uuid)
            if entry is None or entry.started.moving is None:
                return
            with suppress(XeniaError):
                await self._engine.give_up_move(domain.uuid, entry.started.moving.disk.target)
            try:
                runs = self.lifecycle.engine.observe(domain.uuid) is not None
                started = await self.settle(entry.started, runs=runs)
            except XeniaError as error:
                log.error("where %s of domain %s is: %s", entry.started.moving.disk.target, domain.name, error)
                return
            await self.lifecycle.note(entry, config=started.config, moving=None)
            if runs and not started.paused:  # it may have been cut off in the change-over
                await self.lifecycle.engine.unpause(domain.uuid)

    async def settle(self, started: Started, *, runs: bool) -> Started:
        """What is true of a domain whose disk was moving, with its guest file as that wants it; `runs`: its engine has
        it. The new image is there or not. Raises engine_failed for one that does not answer; then nothing has changed.
        """
        moving = started.moving
        if moving is None:
            return started
        if runs:
            written = (await self._engine.written_to(started.uuid)).get(moving.disk.target, "")
            moved = real_path(written) == real_path(moving.disk.path)
        else:  # both were the same when the guest file followed, and the guest has not run since
            moved = moving.named and await self._is_followed(started)
        if moved:
            old = next((disk for disk in started.config.disks if disk.target == moving.disk.target), moving.disk)
            for note in (await self._follow(started, old))[1]:
                log.warning("%s", note)
            return replace(started, config=_with(started.config, moving.disk), moving=None)
        hidden, named = Path(moving.hidden), Path(moving.disk.path)
        if hidden.exists():
            hidden.unlink(missing_ok=True)
        elif moving.named:
            named.unlink(missing_ok=True)
        return replace(started, moving=None)


def _with(config: DomainConfig, new: Disk) -> DomainConfig:
    return replace(config, disks=tuple(new if disk.target == new.target else disk for disk in config.disks))
