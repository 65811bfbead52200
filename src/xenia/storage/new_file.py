"""A file that has no name until it is whole.

It is made without one (open(2), O_TMPFILE): whatever ends it before, xend's own death included, the kernel removes it,
and nobody has to look for leftovers. A file system that has no such files (NFS) gets one with a hidden name, which the
next xend removes (`remove_leftovers`).
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from xenia.lib.rename import rename_new
from xenia.model.errors import XeniaError, conflict

_HIDDEN = re.compile(r"\.xenia-new-[0-9a-f]{16}")
_MODE = 0o600


class NewFile:
    """A file in the open folder `folder` (a descriptor, O_PATH is enough), that only xend's own user may use. Raises
    OSError where it cannot be made. To be closed once.
    """

    def __init__(self, folder: int) -> None:
        self._folder = os.open(f"/proc/self/fd/{folder}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._hidden = ""
        try:
            self.descriptor = self._open()
        except BaseException:
            os.close(self._folder)
            raise

    def _open(self) -> int:
        try:
            return os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, _MODE, dir_fd=self._folder)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR):
                raise
        self._hidden = f".xenia-new-{secrets.token_hex(8)}"
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC
        return os.open(self._hidden, flags, _MODE, dir_fd=self._folder)

    def keep(self, name: str) -> None:
        """Give it its name in the folder; never one that another has got meanwhile, then FileExistsError is raised."""
        if self._hidden:
            os.link(self._hidden, name, src_dir_fd=self._folder, dst_dir_fd=self._folder, follow_symlinks=False)
        else:
            os.link(f"/proc/self/fd/{self.descriptor}", name, dst_dir_fd=self._folder, follow_symlinks=True)

    def keep_durably(self, name: str) -> None:
        """As `keep`, on the disk when this returns."""
        os.fsync(self.descriptor)
        self.keep(name)
        os.fsync(self._folder)

    def close(self) -> None:
        """What has no name is gone then."""
        if self._hidden:
            with suppress(FileNotFoundError):
                os.unlink(self._hidden, dir_fd=self._folder)
        os.close(self.descriptor)
        os.close(self._folder)


class HiddenFile:
    """A file in the open folder `folder` that has a hidden name, and gets its own by being renamed: for one that others
    have open by then, of which the kernel tells what it is called. Raises OSError. To be closed once.
    """

    def __init__(self, folder: int) -> None:
        self._folder = os.open(f"/proc/self/fd/{folder}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.name = f".xenia-new-{secrets.token_hex(8)}"
        try:
            flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC
            self.descriptor = os.open(self.name, flags, _MODE, dir_fd=self._folder)
        except BaseException:
            os.close(self._folder)
            raise

    def keep(self, name: str) -> None:
        """Give it its name, durably; never one that another file has, then FileExistsError is raised."""
        rename_new(self.name, name, self._folder)
        os.fsync(self._folder)

    def close(self) -> None:
        """It is gone, if it has not got its name."""
        with suppress(FileNotFoundError):
            os.unlink(self.name, dir_fd=self._folder)
        os.close(self.descriptor)
        os.close(self._folder)


def exists_already(path: Path | str) -> XeniaError:
    return conflict(f"there is a file {path} already", "name another file, or remove that one")


def remove_leftovers(folders: Iterable[str]) -> None:
    """Remove in `folders` the hidden files of an xend that was killed. Only while nobody makes files there."""
    for folder in folders:
        for found in Path(folder).glob(".xenia-new-*"):
            if _HIDDEN.fullmatch(found.name) and found.is_file() and not found.is_symlink():
                found.unlink(missing_ok=True)
