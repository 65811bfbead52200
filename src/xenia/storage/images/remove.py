"""Removing an image."""

from __future__ import annotations

import os
from pathlib import Path

from xenia.lib.text import printable
from xenia.model.errors import conflict, invalid
from xenia.storage.lock import lock
from xenia.storage.paths import Place


def remove(place: Place) -> None:
    """Remove the file that `place` is. Raises invalid for a block device, a conflict where somebody has it open or
    another file has come in its place, and OSError.
    """
    path = Path(place.real)
    if place.block_device:
        raise invalid(
            f"'{printable(place.path)}' is a block device, and no file", "remove its volume with the tools of the host"
        )
    descriptor = place.open(write=False)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        lock(descriptor, write=True, path=place.path)
        if not os.path.samestat(os.stat(path.name, dir_fd=folder, follow_symlinks=False), os.fstat(descriptor)):
            raise conflict(
                f"another file has come in the place of '{printable(place.path)}'", "look again: xm disk list"
            )
        os.unlink(path.name, dir_fd=folder)
        os.fsync(folder)
    finally:
        os.close(folder)
        os.close(descriptor)
