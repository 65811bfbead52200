"""The guest files below `etc/xen`: what is defined, whether it runs or not."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from xenia.guestfile.text import LIMIT
from xenia.lib.text import decode
from xenia.model.domain import DomainConfig
from xenia.model.errors import XeniaError
from xenia.model.reading import Reading

log = logging.getLogger(__name__)

ReadGuestFile = Callable[[str, str, tuple[str, ...]], Awaitable[Reading]]
"""(text, file, overrides) → what it means; evaluated in the worker."""


@dataclass(frozen=True, slots=True)
class _Read:
    stamp: tuple[int, int, int]
    config: DomainConfig | None


class Definitions:
    """`folder` is etc/xen below the root. `refresh` reads what has changed since; everything else answers from
    memory.
    """

    def __init__(self, folder: Path, read: ReadGuestFile) -> None:
        self._folder = folder
        self._read = read
        self._files: dict[Path, _Read] = {}

    async def refresh(self) -> None:
        seen: dict[Path, _Read] = {}
        for path in sorted(self._folder.glob("*.cfg")):
            try:
                status = path.stat()
                stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
                known = self._files.get(path)
                seen[path] = known if known and known.stamp == stamp else _Read(stamp, await self._config(path))
            except OSError as error:
                log.info("guest file %s cannot be read: %s", path, error.strerror)
        self._files = seen

    async def _config(self, path: Path) -> DomainConfig | None:
        content = path.read_bytes()
        if len(content) > LIMIT:
            return None
        try:
            return (await self._read(decode(content), str(path), ())).config
        except XeniaError as error:
            log.info("guest file %s: %s", path, error)
            return None

    def all(self) -> list[tuple[DomainConfig, Path]]:
        """One for each name, by name; of several files that define one, the first."""
        by_name: dict[str, tuple[DomainConfig, Path]] = {}
        for path, read in self._files.items():
            if read.config is not None:
                by_name.setdefault(read.config.name, (read.config, path))
        return [by_name[name] for name in sorted(by_name)]
