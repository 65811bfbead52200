"""What is done to volumes. xend works on the volume groups that its settings name, and on no other.

A volume that is not whole yet has a tag; what a xend that was killed has left so is removed by the next one. Everything
else is one step of LVM's, done or not done.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from xenia.lib.aio import to_end, undisturbed
from xenia.lib.text import printable
from xenia.model.errors import XeniaError, conflict, denied, invalid, not_found, unavailable
from xenia.model.volume import ThinPool, Volume, VolumeGroup, VolumeKind
from xenia.storage.lock import lock
from xenia.storage.paths import Roots, find
from xenia.storage.volumes.device import real_path, volume_of
from xenia.storage.volumes.lvm import Lvm
from xenia.storage.volumes.names import VolumeName, of_path, why_unusable
from xenia.storage.volumes.report import MAKING, read_groups, read_volumes
from xenia.storage.volumes.wipe import wipe

log = logging.getLogger(__name__)

ALMOST_FULL = 90.0
"""Percent of a thin pool from which on it is spoken of."""

_FULL = "when it is full, what their guests write fails"
_ANYWHERE = Roots(unrestricted=True)

Tell = Callable[[float], object]


@dataclass(frozen=True, slots=True)
class AboutVolume:
    """A volume with its group. `snapshots` are the paths of thin ones that began as it, and stand alone; `based` of
    thick ones, which need it.
    """

    volume: Volume
    group: VolumeGroup
    snapshots: tuple[str, ...] = ()
    based: tuple[str, ...] = ()

    @classmethod
    def of(cls, volume: Volume, volumes: Iterable[Volume], group: VolumeGroup | None = None) -> Self:
        """`volumes` are all that there are."""
        of_it = [each for each in volumes if (each.group, each.origin) == (volume.group, volume.name)]
        return cls(
            volume,
            group or VolumeGroup(volume.group),
            tuple(each.path for each in of_it if each.kind is VolumeKind.THIN),
            tuple(each.path for each in of_it if each.kind is VolumeKind.THICK),
        )


@dataclass(frozen=True, slots=True)
class Volumes:
    """`groups` are the names of the volume groups.

    All that is done raises denied for a volume of another group, unavailable where LVM or a group is not there or what
    is wanted does not fit, engine_failed with LVM's reason, and OSError.
    """

    groups: tuple[str, ...] = ()
    lvm: Lvm = field(default_factory=Lvm)

    @property
    def folders(self) -> tuple[str, ...]:
        """Where the volumes are that guests may use, as `Roots` has it."""
        return tuple(f"/dev/{group}" for group in self.groups)

    def named(self, path: str) -> VolumeName | None:
        """The volume that `path` means, by the device that is there or as a name; None for something else."""
        if not path.startswith("/"):
            return None
        there, meant = of_path(real_path(path)), of_path(path)
        if there is not None and _is_volume(path):
            return there
        if meant is None or meant.group in self.groups:
            return meant
        return meant if _can_be_group(meant.group) and not os.path.lexists(path) else None

    async def all(self) -> tuple[tuple[VolumeGroup, ...], tuple[Volume, ...]]:
        """The volume groups and what guests can have of them. Where LVM fails, each group tells why."""
        if not self.groups:
            return (), ()
        try:
            groups, volumes = await self._report(self.groups)
        except (XeniaError, OSError) as error:
            return tuple(VolumeGroup(group, problem=str(error)) for group in self.groups), ()
        known = {group.name: group for group in groups}
        return tuple(known.get(group) or VolumeGroup(group, problem="there is none") for group in self.groups), volumes

    async def about(self, path: str) -> AboutVolume | None:
        """What the real path `path` of a device is; None for what is no volume of these groups."""
        name = of_path(path)
        if name is None or name.group not in self.groups:
            return None
        group, volumes = await self._group(name)
        volume = next((each for each in volumes if each.name == name.name), None)
        return AboutVolume.of(volume, volumes, group) if volume is not None else None

    async def find(self, name: VolumeName) -> tuple[Volume, VolumeGroup, tuple[Volume, ...]]:
        """A volume, its group, and all that is in it. Raises not_found, and invalid for a thin pool."""
        group, volumes = await self._group(name)
        found = next((each for each in volumes if each.name == name.name), None)
        if any(pool.name == name.name for pool in group.pools):
            raise invalid(f"'{name.path}' is a thin pool, and no disk", f"lvs {name.group}")
        if found is None:
            raise not_found(f"there is no volume {printable(name.path)}", "see what there is: xm disk list")
        return found, group, volumes

    async def require_active(self, name: VolumeName) -> None:
        """Raises a conflict for a volume that has no device now, and what `find` raises."""
        volume, _, _ = await self.find(name)
        if not volume.active:
            raise conflict(
                f"the volume {name.path} is not active", f"lvchange --activate y --ignoreactivationskip {name.word}"
            )

    async def create(self, name: VolumeName, size: int, pool: str, tell: Tell, *, wiped: bool = True) -> list[str]:
        """Make a volume of `size` bytes, rounded up to what its group deals in; a thin one where `pool` is one. What
        is to be said of it.

        A thick one is wiped, unless somebody does not want that. Raises also invalid for a name that cannot be, and a
        conflict where there is such a volume.
        """
        if not pool and wiped:
            async with self.making(name, size, "", tell):
                return []
        group, volumes = await self._group(name)
        size = _checked(name, size, pool, group, volumes)
        if not pool:
            await self.lvm.create(name, size)
            return ["it was not wiped: its guest can read what earlier volumes have left there"]
        await self.lvm.create_thin(name, pool, size)
        return notes_on(pool_of(group, pool), group.name, size)

    @asynccontextmanager
    async def making(
        self, name: VolumeName, size: int, pool: str, tell: Tell, needed: int | None = None
    ) -> AsyncIterator[int]:
        """A new volume full of zeros, open for writing and locked, for who fills it; `needed` is how many bytes of a
        pool that takes. It is there when the context ends well, and gone when it fails. Raises as `create`.
        """
        group, volumes = await self._group(name)
        size = _checked(name, size, pool, group, volumes)
        if pool:
            _require_room_in(pool_of(group, pool), group.name, needed or 0)
        async with self._half_made(name, size, pool, tell) as descriptor:
            yield descriptor
            await to_end(os.fsync, descriptor)
            await self.lvm.untag(name, MAKING)

    @asynccontextmanager
    async def _half_made(self, name: VolumeName, size: int, pool: str, tell: Tell) -> AsyncIterator[int]:
        """As `making`; it is not whole by that."""
        try:
            if pool:
                await self.lvm.create_thin(name, pool, size, MAKING)
            else:
                await self.lvm.create(name, size, MAKING)
        except asyncio.CancelledError:  # it has been made all the same
            await undisturbed(self._remove_half_made(name))
            raise
        try:
            with find(name.path, _ANYWHERE) as place:
                descriptor = place.open(write=True)
            try:
                lock(descriptor, write=True, path=name.path)
                if not pool:
                    await wipe(descriptor, 0, size, tell)
                yield descriptor
            finally:
                os.close(descriptor)
        except BaseException:
            await undisturbed(self._remove_half_made(name))
            raise

    async def snapshot(self, origin: VolumeName, name: VolumeName) -> list[str]:
        """Make a thin volume that begins as the thin volume `origin`: both stand alone, and share what is the same.
        What is to be said of it.

        Raises as `create`, and invalid for a thick one.
        """
        volume, group, volumes = await self.find(origin)
        if volume.kind is not VolumeKind.THIN:
            raise invalid(f"'{origin.path}' is no thin volume: it can only be copied", "xm disk clone --full")
        if name.group != origin.group:
            raise invalid(
                f"'{printable(name.path)}' is in another volume group than '{origin.path}', with which it would share "
                "what is the same",
                f"name it /dev/{origin.group}/{printable(name.name)}, or: xm disk clone --full",
            )
        _checked(name, volume.size, volume.pool, group, volumes)
        await self.lvm.snapshot(origin, name.name)
        return notes_on(pool_of(group, volume.pool), group.name, volume.size)

    async def grow(self, name: VolumeName, size: int, tell: Tell, *, wiped: bool = True) -> tuple[int, list[str]]:
        """Make a volume larger; its guest may have it open. The bytes that it has then, which are `size` rounded up to
        what its group deals in, and what is to be said of it.

        What a thick one gets is wiped before it is its: in a volume of its own, whose place it then takes.
        """
        volume, group, _ = await self.find(name)
        size = _rounded(size, group)
        if size == volume.size:
            return size, []
        if volume.kind is VolumeKind.THIN:
            await self.lvm.extend(name, size)
            return size, notes_on(pool_of(group, volume.pool), group.name, size - volume.size)
        _require_room(group, size - volume.size)
        if not wiped:
            await self.lvm.extend(name, size)
            return size, ["its new part was not wiped: its guest can read what earlier volumes have left there"]
        part = VolumeName(name.group, f"xenia.{secrets.token_hex(4)}")
        async with self._half_made(part, size - volume.size, "", tell):
            places = await self.lvm.places_of(part)
        await undisturbed(self._give(part, name, size, places))
        return size, []

    async def _give(self, part: VolumeName, name: VolumeName, size: int, places: Sequence[str]) -> None:
        await self.lvm.remove(part)
        await self.lvm.extend(name, size, places)

    async def remove(self, name: VolumeName) -> None:
        """Raises a conflict for one that somebody has open, or whose thick snapshots would go with it."""
        volume, _, volumes = await self.find(name)
        if based := AboutVolume.of(volume, volumes).based:
            raise conflict(f"other volumes are snapshots of '{name.path}', and need it: {', '.join(based)}")
        if volume.active:
            with find(name.path, _ANYWHERE) as place:
                descriptor = place.open(write=True)
            try:
                lock(descriptor, write=True, path=name.path)
            finally:
                os.close(descriptor)
        await self.lvm.remove(name)

    async def sweep(self) -> None:
        """Remove what a xend that was killed has not made whole. Only while nobody makes volumes."""
        _, volumes = await self.all()
        for volume in volumes:
            if volume.making:
                log.warning("%s was not whole, and is removed", volume.path)
                await self._remove_half_made(VolumeName(volume.group, volume.name))

    async def warnings(self, path: str) -> tuple[str, ...]:
        """What a guest's owner should know of the volume with the real path `path`: its pool is almost full."""
        try:
            found = await self.about(path)
        except (XeniaError, OSError):
            return ()
        if found is None or found.volume.kind is not VolumeKind.THIN:
            return ()
        return tuple(_almost_full(pool_of(found.group, found.volume.pool), found.group.name))

    async def _remove_half_made(self, name: VolumeName) -> None:
        try:
            await self.lvm.remove(name)
        except (XeniaError, OSError) as error:
            log.error("%s is not whole, and cannot be removed: %s", name.path, error)

    async def _group(self, name: VolumeName) -> tuple[VolumeGroup, tuple[Volume, ...]]:
        if name.group not in self.groups:
            known = ", ".join(self.groups) or "none"
            raise denied(
                f"'{printable(name.path)}' is in the volume group {printable(name.group)}, and xend works on no other "
                f"than those of volume_groups in xend.toml ({known})",
                "add it there, if what is in it is for guests",
            )
        groups, volumes = await self._report([name.group])
        if not groups:
            raise unavailable(f"there is no volume group {name.group}", "see what there is: vgs")
        return groups[0], volumes

    async def _report(self, groups: Sequence[str]) -> tuple[tuple[VolumeGroup, ...], tuple[Volume, ...]]:
        of_groups, of_volumes = await self.lvm.report(groups)
        return read_groups(of_groups, of_volumes), read_volumes(of_volumes)


def _checked(name: VolumeName, size: int, pool: str, group: VolumeGroup, volumes: Iterable[Volume]) -> int:
    """The bytes that a new volume in `group`, where there are `volumes`, will have. Raises what speaks against it."""
    if why := why_unusable(name.name):
        raise invalid(f"'{printable(name.name)}' cannot be the name of a volume: {why}")
    names = {*(each.name for each in volumes), *(each.name for each in group.pools)}
    if name.name in names or os.path.lexists(name.path):
        raise conflict(f"there is a volume {name.path} already", "choose another name")
    size = _rounded(size, group)
    if pool:
        pool_of(group, pool)
    else:
        _require_room(group, size)
    return size


def pool_of(group: VolumeGroup, name: str) -> ThinPool:
    """Raises not_found for one that is not in `group`."""
    found = next((pool for pool in group.pools if pool.name == name), None)
    if found is None:
        raise not_found(
            f"there is no thin pool {name} in the volume group {group.name}",
            f"make one: lvcreate --type thin-pool --size 100g --name {name} {group.name}",
        )
    return found


def notes_on(pool: ThinPool, group: str, more: int) -> list[str]:
    """What is to be said of a pool that is to promise `more` bytes than it has promised."""
    promised, notes = pool.promised + more, _almost_full(pool, group)
    if promised > pool.size:
        notes.append(
            f"the volumes of the thin pool {group}/{pool.name} have {promised >> 20} MiB together, and it has "
            f"{pool.size >> 20} MiB: {_FULL}"
        )
    if not pool.zeroes:
        notes.append(f"the thin pool {group}/{pool.name} does not zero what it gives: guests can read what was there")
    return notes


def _almost_full(pool: ThinPool, group: str) -> list[str]:
    full = max(pool.data, pool.metadata)
    if full < ALMOST_FULL:
        return []
    what = "" if pool.data >= ALMOST_FULL else " of its metadata"
    return [f"the thin pool {group}/{pool.name} is almost full ({full:.0f} %{what}): {_FULL}"]


def _rounded(size: int, group: VolumeGroup) -> int:
    return -(-size // group.extent) * group.extent


def _require_room(group: VolumeGroup, size: int) -> None:
    if size > group.free:
        raise unavailable(
            f"{size >> 20} MiB are needed, and the volume group {group.name} has {group.free >> 20} MiB free",
            "remove a volume, or give the group another disk: vgextend",
        )


def _require_room_in(pool: ThinPool, group: str, needed: int) -> None:
    if needed > pool.free:
        raise unavailable(
            f"{needed >> 20} MiB are needed, and the thin pool {group}/{pool.name} has {pool.free >> 20} MiB free",
            f"make it larger: lvextend --size +10g {group}/{pool.name}",
        )


def _is_volume(path: str) -> bool:
    try:
        return volume_of(Path(path).stat()) is not None
    except (OSError, ValueError):
        return False


def _can_be_group(group: str) -> bool:
    """LVM makes no volume group that is called like something else in /dev."""
    folder = Path("/dev", group)
    return not os.path.lexists(folder) or (folder.is_dir() and any(_is_volume(str(each)) for each in folder.iterdir()))
