"""Noticing what happens to guest files outside of xend, and keeping it as a version."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from xenia.lib.aio import Tasks
from xenia.lib.inotify import (
    ATTRIB,
    CLOSE_WRITE,
    CREATE,
    DELETE,
    IGNORED,
    MOVED_FROM,
    MOVED_TO,
    OVERFLOW,
    Happened,
    Inotify,
)
from xenia.manager.definitions import Definitions
from xenia.store.folder import is_guest_file
from xenia.store.versions import Versions

log = logging.getLogger(__name__)

_MASK = ATTRIB | CLOSE_WRITE | CREATE | DELETE | MOVED_FROM | MOVED_TO
SETTLE = 0.1
"""Seconds that an editor is given: many write a file in several steps (move it away, write it anew)."""


class Keeper:
    """Keeps what is noticed as versions, in the background. To be called with (name, content or None)."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._waiting: dict[str, bytes | None] = {}
        self._ours: set[str] = set()
        """What xend itself is writing, and keeps with who has asked for it."""
        self._arrived = asyncio.Event()

    def __call__(self, name: str, content: bytes | None) -> None:
        self._waiting[name] = content
        self._arrived.set()

    @contextmanager
    def while_ours(self, name: str, *contents: bytes | None) -> Iterator[None]:
        """While xend replaces one of `contents` by the other, neither is a change by somebody else."""
        self._ours.add(name)
        try:
            yield
        finally:
            self._ours.discard(name)
            if name in self._waiting and self._waiting[name] in contents:
                del self._waiting[name]
            self._arrived.set()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while name := next((name for name in self._waiting if name not in self._ours), None):
                try:
                    await self.keep(name)
                except OSError as error:
                    log.error("a version of %s cannot be kept: %s", name, error.strerror)
                await asyncio.sleep(0)

    async def keep(self, name: str) -> None:
        """Keep what was noticed of the file `name`, now. Raises OSError."""
        if name not in self._waiting:
            return
        content = self._waiting.pop(name)
        known = await self._versions.all(name)
        if content is None and not known:
            return
        what = "removed outside of xend" if content is None else "changed outside of xend" if known else "first seen"
        # A host full of files that are seen for the first time does not have to wait for its disk.
        await self._versions.add(name, content, "", what, durable=bool(known))


class Watch:
    """Tells `definitions` which files of the folder have changed, as soon as the kernel tells. Without it (where the
    kernel has no watch left) they are looked at when somebody asks.
    """

    def __init__(self, definitions: Definitions, settle: float = SETTLE) -> None:
        self._folder = definitions.folder
        self._definitions = definitions
        self._settle = settle
        self._inotify: Inotify | None = None
        self._changed: set[str] | None = set()
        """The names of what has changed and was not looked at yet; None for everything."""
        self._arrived = asyncio.Event()

    def start(self, tasks: Tasks) -> None:
        try:
            self._inotify = Inotify(self._folder.folder, _MASK)
        except OSError as error:
            log.warning("%s is not watched: %s", self._folder.folder, error.strerror)
            return
        asyncio.get_running_loop().add_reader(self._inotify.descriptor, self._take, self._inotify)
        tasks.start(self._run(), name="watch of the guest files")

    def close(self) -> None:
        if self._inotify is not None:
            asyncio.get_running_loop().remove_reader(self._inotify.descriptor)
            self._inotify.close()
            self._inotify = None

    def _take(self, inotify: Inotify) -> None:
        for happened in inotify.read():
            if happened.mask & IGNORED:
                log.warning("%s is gone, and is no longer watched", self._folder.folder)
                self.close()
            if happened.mask & (IGNORED | OVERFLOW):
                self._changed = None
            elif self._changed is not None and self._counts(happened):
                self._changed.add(happened.name)
        if self._changed is None or self._changed:
            self._arrived.set()

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            await asyncio.sleep(self._settle)
            self._arrived.clear()
            changed, self._changed = self._changed, set()
            await self._definitions.refresh(changed)

    def _counts(self, happened: Happened) -> bool:
        """A file that was only made is still being written; a link is complete at once."""
        if not is_guest_file(happened.name):
            return False
        return not happened.mask & CREATE or (self._folder.folder / happened.name).is_symlink()
