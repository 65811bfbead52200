"""Noticing that a file has changed which gives settings their values."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from xenia.lib.aio import Tasks
from xenia.lib.inotify import ATTRIB, CLOSE_WRITE, CREATE, DELETE, IGNORED, MOVED_FROM, MOVED_TO, OVERFLOW, Inotify
from xenia.manager.noticing import SETTLE

log = logging.getLogger(__name__)

_MASK = ATTRIB | CLOSE_WRITE | CREATE | DELETE | MOVED_FROM | MOVED_TO


class SettingsWatch:
    """Calls `reload` when one of `files` has changed, been made or been removed. A folder that is not there when xend
    starts is not watched: what is made in it later is read at the next change of another one, or of xend itself.
    """

    def __init__(self, files: Iterable[Path], reload: Callable[[], Awaitable[None]], settle: float = SETTLE) -> None:
        self._names: dict[Path, set[str]] = {}
        for file in files:
            self._names.setdefault(file.parent, set()).add(file.name)
        self._reload = reload
        self._settle = settle
        self._watched: dict[Path, Inotify] = {}
        self._arrived = asyncio.Event()
        self._tasks = Tasks()

    def start(self) -> None:
        for folder in self._names:
            try:
                self._watched[folder] = inotify = Inotify(folder, _MASK)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                log.warning("%s is not watched: %s", folder, error.strerror)
                continue
            asyncio.get_running_loop().add_reader(inotify.descriptor, self._take, folder)
        self._tasks.start(self._run(), name="watch of the settings")

    async def close(self) -> None:
        await self._tasks.close()
        for folder in list(self._watched):
            self._forget(folder)

    def _forget(self, folder: Path) -> None:
        inotify = self._watched.pop(folder)
        asyncio.get_running_loop().remove_reader(inotify.descriptor)
        inotify.close()

    def _take(self, folder: Path) -> None:
        names = self._names[folder]
        for happened in self._watched[folder].read():
            if happened.mask & (IGNORED | OVERFLOW) or happened.name in names:
                self._arrived.set()
            if happened.mask & IGNORED:
                log.warning("%s is gone, and is no longer watched", folder)
                self._forget(folder)
                return

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            await asyncio.sleep(self._settle)
            self._arrived.clear()
            await self._reload()
