"""Replacing a file that people edit too: durably, in one step, with its owner and permissions."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path


def replace_file(path: Path, content: bytes, *, mode: int, check: Callable[[], None] = lambda: None) -> None:
    """Give the file `content`; it keeps its owner and permissions, a new one gets `mode`. A link is followed, and
    stays. `check` is called when the new file is written and the old one still there; it may raise.

    Raises OSError with the file's name, and what `check` raises; then nothing has changed.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        _write(temporary, content, target, mode)
        check()
        temporary.replace(target)
    except OSError as error:  # one that fails while writing does not say of which file
        raise OSError(error.errno, error.strerror, str(target)) from error
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)


def _write(temporary: Path, content: bytes, target: Path, mode: int) -> None:
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        try:
            old = target.stat()
        except FileNotFoundError:
            os.fchmod(descriptor, mode)
        else:
            if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, old.st_uid, old.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(old.st_mode))
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Have what was done to the entries of `folder` reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
