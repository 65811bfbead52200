"""The lease of a domain: a lock that lives exactly as long as its QEMU process.

xend takes it (flock on a file in the run folder) and lets the QEMU process inherit the descriptor; once xend has closed
its own, the lock is QEMU's alone. Whoever wants to know whether a domain runs asks whether the lease is held: that is
true across crashes of xend, and never true of a dead process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from xenia.model.errors import conflict


def lease_of(folder: Path) -> Path:
    return folder / "lease"


def take(path: Path) -> int:
    """A descriptor that holds the lease. Raises a conflict when another process does."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise conflict("a QEMU of this domain runs already", "xm list --all shows it") from error
        raise
    return descriptor


def holders(folders: dict[str, Path]) -> dict[str, int]:
    """The processes that hold a lease in one of `folders`, as UUID → process id; one look over /proc for all of them.

    A process that is just ending is passed over.
    """
    wanted: dict[tuple[int, int], str] = {}
    for uuid, folder in folders.items():
        with contextlib.suppress(FileNotFoundError):
            found = lease_of(folder).stat()
            wanted[found.st_dev, found.st_ino] = uuid
    held: dict[str, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        for file in _open_files(entry):
            if file in wanted:
                held[wanted[file]] = int(entry.name)
    return held


def _open_files(process: Path) -> list[tuple[int, int]]:
    """Device and inode of what a process has open; nothing of a process of somebody else or one without `-uuid` among
    its words.
    """
    files = []
    try:
        if b"\0-uuid\0" not in (process / "cmdline").read_bytes():
            return []
        for link in (process / "fd").iterdir():
            found = link.stat()
            files.append((found.st_dev, found.st_ino))
    except OSError:
        pass
    return files
