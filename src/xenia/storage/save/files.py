"""The files of saves: they have no name until they are whole, and are opened with care."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

from xenia.lib.codec import from_plain
from xenia.model.disk import Disk, DiskMode, DiskSource
from xenia.model.errors import XeniaError, invalid, not_found, unavailable
from xenia.model.save import DiskStamp, SaveInfo
from xenia.model.seal import Seal
from xenia.storage.inspect import Inspect
from xenia.storage.save.inspect import layout_of
from xenia.storage.save.layout import Layout, Unreadable
from xenia.storage.save.naming import remove_beside, require_save
from xenia.storage.save.reader import OpenedSave
from xenia.storage.save.templates import Templates
from xenia.storage.save.writer import SaveWriter

_MODE = 0o600


class SaveFiles:
    """Makes and opens the files of saves. `inspect` is the worker's."""

    def __init__(self, inspect: Inspect) -> None:
        self._inspect = inspect
        self._templates = Templates()

    @contextmanager
    def create(self, path: Path, identity: str, tell: Callable[[float], None]) -> Iterator[SaveWriter]:
        """A new save, which vanishes when the context ends before it was kept, by the end of xend as well (open(2),
        O_TMPFILE). Only xend's own user can read it. `tell` is told how much is done.

        Raises a conflict where `path` is a file that is no save, unavailable where none can be made.
        """
        require_save(path)
        try:
            descriptor = os.open(path.parent, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, _MODE)
        except OSError as error:
            raise unavailable(
                f"no save can be written to the folder {path.parent}: {error.strerror}", "name a file in another folder"
            ) from error
        try:
            yield SaveWriter(descriptor, path, identity, tell)
        finally:
            os.close(descriptor)

    @asynccontextmanager
    async def open(
        self, path: Path, tell: Callable[[float], None], seal: Seal | None = None
    ) -> AsyncIterator[OpenedSave]:
        """A save, its metadata checked, also against `seal` where there is one. Raises not_found, invalid where it is
        none, or damaged, or another one, and unavailable.
        """
        descriptor = _open(path)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise invalid(f"{path} is no file", "name the file that xm save has written")
            found = await self._inspect("inspect_save", {}, [descriptor])
            layout, info = _read(path, found)
            if seal is not None and seal.digest != found["digest"]:
                raise invalid(f"{path} is not the save that was written there", "it was changed, or replaced, since")
            ours = status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            same = seal is not None and (seal.inode, seal.changed) == (status.st_ino, status.st_mtime_ns)
            trusted, untouched = ours or seal is not None, ours and same
            with ExitStack() as held:
                share = partial(self._templates.of, held=held)
                yield OpenedSave(os.fspath(path), descriptor, layout, info, trusted, share, tell, untouched=untouched)
        finally:
            if seal is not None and os.fstat(descriptor).st_mode & 0o777 != _MODE:  # it was lent
                os.fchmod(descriptor, _MODE)
            os.close(descriptor)

    def keep_mapped(self, identities: Collection[str]) -> None:
        """As Templates.keep."""
        self._templates.keep(identities)

    def mapped_size(self, identity: str) -> int:
        """As Templates.size."""
        return self._templates.size(identity)

    def close(self) -> None:
        """Let go of what is kept for clones."""
        self._templates.close()

    def holds(self, path: Path, identity: str) -> bool:
        """Whether `path` is the save that was begun as `identity`; what its writing has left beside it is removed."""
        remove_beside(path, identity)
        try:
            descriptor = _open(path)
        except XeniaError:
            return False
        try:
            return layout_of(descriptor).id == identity
        except (Unreadable, OSError):
            return False
        finally:
            os.close(descriptor)

    def stamps(self, disks: Sequence[Disk]) -> tuple[DiskStamp, ...]:
        """How the images of disks are now. One that is not there has the size -1; of those on the network nothing is
        known.
        """
        return tuple(_stamp(disk) for disk in disks if disk.path and disk.source is not DiskSource.NETWORK)

    def make_folder(self, folder: Path) -> None:
        """A folder that only xend's own user may enter; it may be there. Raises OSError."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def remove(self, path: Path) -> None:
        """Silent when there is none. Raises OSError."""
        path.unlink(missing_ok=True)


def _stamp(disk: Disk) -> DiskStamp:
    writable = disk.mode is not DiskMode.READ_ONLY and not disk.cdrom
    try:
        descriptor = os.open(disk.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return DiskStamp(disk.target, disk.path, -1, writable=writable)
    try:
        status, size = os.fstat(descriptor), os.lseek(descriptor, 0, os.SEEK_END)
    except OSError:
        return DiskStamp(disk.target, disk.path, -1, writable=writable)
    finally:
        os.close(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return DiskStamp(disk.target, disk.path, size, writable=writable)
    return DiskStamp(disk.target, disk.path, size, status.st_mtime_ns, status.st_ino, writable)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise not_found(f"there is no file {path}", f"ls {path.parent} shows what there is") from error
    except OSError as error:
        raise unavailable(f"{path} cannot be read: {error.strerror}") from error


def _read(path: Path, found: dict[str, object]) -> tuple[Layout, SaveInfo]:
    problem = found["problem"]
    try:
        if problem is None:
            return from_plain(Layout, found["layout"]), from_plain(SaveInfo, found["info"])
    except ValueError as error:
        problem = f"its metadata are not those of a save ({error})"
    raise invalid(f"{path} cannot be used: {problem}", "take another copy of it; xm save writes such files")
