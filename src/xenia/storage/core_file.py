"""The file that a core is dumped to: it has no name until it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xenia.model.errors import unavailable
from xenia.storage.new_file import NewFile, exists_already

MIB = 1 << 20

_SPARE = 64 * MIB
"""What a core leaves to everybody else, in bytes."""


class CoreFiles:
    """Makes the files of cores."""

    @contextmanager
    def open(self, path: Path, size: int) -> Iterator[int]:
        """The descriptor of a new file, with room for `size` bytes, that will be `path` when the context ends well.

        Until then it has no name (`new_file`), and vanishes with xend. Only xend's own user can read it. Raises a
        conflict where there is such a file, unavailable where it does not fit or cannot be made.
        """
        if os.path.lexists(path):
            raise exists_already(path)
        try:
            _require_room(path.parent, size)
            core = _new_file(path.parent)
        except OSError as error:
            raise unavailable(
                f"no core can be written to the folder {path.parent}: {error.strerror}", "name a file in another folder"
            ) from error
        try:
            yield core.descriptor
            core.keep(path.name)
        except FileExistsError as error:
            raise exists_already(path) from error
        finally:
            core.close()

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


def _new_file(folder: Path) -> NewFile:
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return NewFile(descriptor)
    finally:
        os.close(descriptor)
