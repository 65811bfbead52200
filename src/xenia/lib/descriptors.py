"""What a process has open (/proc/PID/fd, proc(5))."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def descriptors_of(process: Path) -> Iterator[tuple[Path, str]]:
    """Each descriptor of the process whose folder in /proc this is, with what it leads to (`/a/file`, `socket:[7]`).

    One that is closed while they are read is passed over. Raises OSError where the process is gone, or another
    user's.
    """
    for link in (process / "fd").iterdir():
        with suppress(FileNotFoundError):
            yield link, str(link.readlink())
