"""What a process has open (/proc/PID/fd, proc(5)), and may have."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def allow_many() -> None:
    """As many as may be. A running guest takes a handful of descriptors and a visitor two; the usual limit of 1,024 is
    one for interactive programs.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def descriptors_of(process: Path) -> Iterator[tuple[Path, str]]:
    """Each descriptor of the process whose folder in /proc this is, with what it leads to (`/a/file`, `socket:[7]`).

    One that is closed while they are read is passed over. Raises OSError where the process is gone, or another
    user's.
    """
    for link in (process / "fd").iterdir():
        with suppress(FileNotFoundError):
            yield link, str(link.readlink())
