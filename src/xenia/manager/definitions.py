"""The guest files below `etc/xen`: what is defined, whether it runs or not."""

from __future__ import annotations

import asyncio
import logging
import os
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from xenia.guestfile.text import LIMIT
from xenia.lib.text import decode, printable
from xenia.model.domain import DomainConfig
from xenia.model.errors import XeniaError, invalid
from xenia.model.reading import Reading

log = logging.getLogger(__name__)

ReadGuestFile = Callable[[str, str, tuple[str, ...]], Awaitable[Reading]]
"""(text, file, overrides) → what it means; evaluated in the worker."""

Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Read:
    stamp: Stamp | None
    config: DomainConfig | None


class Definitions:
    """`folder` is etc/xen below the root. `refresh` reads what has changed since; everything else answers from
    memory.
    """

    def __init__(self, folder: Path, read: ReadGuestFile) -> None:
        self._folder = folder
        self._read = read
        self._files: dict[Path, _Read] = {}
        self._turn = asyncio.Lock()

    async def refresh(self) -> None:
        """One after the other: a file that is slow to read is read once, whoever asks and whoever stops waiting."""
        async with self._turn:
            paths = sorted(self._folder.glob("*.cfg"))
            for path in paths:
                stamp = _stamp(path)
                known = self._files.get(path)
                if known is None or known.stamp != stamp:
                    self._files[path] = _Read(stamp, await self._config(path))
            self._files = {path: self._files[path] for path in paths}

    async def _config(self, path: Path) -> DomainConfig | None:
        try:
            content = _content(path)
            return (await self._read(decode(content), str(path), ())).config
        except OSError as error:
            log.info("guest file %s cannot be read: %s", printable(str(path)), error.strerror)
        except XeniaError as error:
            log.info("guest file %s: %s", printable(str(path)), printable(str(error)))
        return None

    def files(self) -> list[tuple[DomainConfig, Path]]:
        """Every guest file that has a meaning, in the order of the names of the files."""
        return [(read.config, path) for path, read in self._files.items() if read.config is not None]

    def all(self) -> list[tuple[DomainConfig, Path]]:
        """One for each name, by name; of several files that define one, the first."""
        by_name: dict[str, tuple[DomainConfig, Path]] = {}
        for config, path in self.files():
            by_name.setdefault(config.name, (config, path))
        return [by_name[name] for name in sorted(by_name)]


def _stamp(path: Path) -> Stamp | None:
    """What tells that a file is still as it was; None for one that is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def _content(path: Path) -> bytes:
    """Raises OSError, or invalid for what can be no guest file. Opening must not wait: a pipe has nobody at its end."""
    with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise invalid("it is no file")
        content = file.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise invalid(f"it is longer than {LIMIT >> 10} KiB")
    return content
