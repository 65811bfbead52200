"""The name of a save: it gets it when it is whole, in the place of an earlier save, and of nothing else."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from xenia.model.errors import conflict
from xenia.storage.save.inspect import layout_of
from xenia.storage.save.layout import Unreadable


def name(descriptor: int, path: Path, identity: str) -> None:
    """Call the open file, which has no name yet, `path`; it has it also after a loss of power.

    Raises OSError, and a conflict where there is something that is no save.
    """
    source = f"/proc/self/fd/{descriptor}"
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            os.link(source, path.name, dst_dir_fd=folder, follow_symlinks=True)
        except FileExistsError:
            require_save(path)
            beside = _beside(path, identity).name
            os.link(source, beside, dst_dir_fd=folder, follow_symlinks=True)
            os.replace(beside, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    finally:
        os.close(folder)


def require_save(path: Path) -> None:
    """Raises a conflict where `path` is there and no save."""
    if not os.path.lexists(path):
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            layout_of(descriptor)
        finally:
            os.close(descriptor)
    except (Unreadable, OSError) as error:
        raise conflict(
            f"there is a file {path} already, and it is no save", "name another file, or remove that one"
        ) from error


def remove_beside(path: Path, identity: str) -> None:
    """Remove what is left where the save `identity` was to take the place of an earlier one when xend died."""
    with contextlib.suppress(OSError):
        _beside(path, identity).unlink()


def _beside(path: Path, identity: str) -> Path:
    """What a save is called for a moment before it takes the place of an earlier one."""
    return path.with_name(f".{path.name}.{identity}")
