"""The file that a core is dumped to: it has no name until it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xenia.model.errors import XeniaError, conflict, unavailable

MIB = 1 << 20

_SPARE = 64 * MIB
"""What a core leaves to everybody else, in bytes."""


class CoreFiles:
    """Makes the files of cores."""

    @contextmanager
    def open(self, path: Path, size: int) -> Iterator[int]:
        """The descriptor of a new file, with room for `size` bytes, that will be `path` when the context ends well.

        Until then it has no name (open(2), O_TMPFILE): whatever else ends it, xend's own death included, the kernel
        removes it. Only xend's own user can read it. Raises a conflict where there is such a file, unavailable where it
        does not fit or cannot be made.
        """
        if os.path.lexists(path):
            raise _exists(path)
        try:
            _require_room(path.parent, size)
            core = os.open(path.parent, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unavailable(
                f"no core can be written to the folder {path.parent}: {error.strerror}", "name a file in another folder"
            ) from error
        try:
            yield core
            _name(core, path)
        finally:
            os.close(core)

    def make_folder(self, path: Path) -> None:
        """A folder that only xend's own user can look into. Raises OSError."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)


def _require_room(folder: Path, size: int) -> None:
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    if free < size + _SPARE:
        raise unavailable(
            f"the core would have {size // MIB} MiB, and {folder} has {free // MIB} MiB free",
            "free some space, or name a file in another folder",
        )


def _name(core: int, path: Path) -> None:
    """Give the open file its name; never one that another has got meanwhile."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.link(f"/proc/self/fd/{core}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    except FileExistsError as error:
        raise _exists(path) from error
    finally:
        os.close(folder)


def _exists(path: Path) -> XeniaError:
    return conflict(f"there is a file {path} already", "name another file, or remove that one")
