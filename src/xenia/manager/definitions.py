"""The guest files below `etc/xen`: what is defined, whether it runs or not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from xenia.lib.text import decode, printable
from xenia.model.complaint import Complaint, Severity
from xenia.model.domain import DomainConfig
from xenia.model.errors import XeniaError
from xenia.model.guest_file import GuestFile
from xenia.model.reading import Reading
from xenia.store.folder import GuestFolder, Stamp, etag_of

log = logging.getLogger(__name__)

ReadGuestFile = Callable[[str, str, tuple[str, ...]], Awaitable[Reading]]
"""(text, file, overrides) → what it means; evaluated in the worker."""

Noticed = Callable[[str, bytes | None], None]
"""(name, content) of a guest file that came, changed or went (None)."""


@dataclass(frozen=True, slots=True)
class _Read:
    stamp: Stamp | None
    file: GuestFile


class Definitions:
    """`refresh` reads what has changed since; everything else answers from memory. `noticed` is told of each change."""

    def __init__(self, folder: GuestFolder, read: ReadGuestFile, noticed: Noticed) -> None:
        self.folder = folder
        self._read = read
        self._noticed = noticed
        self._files: dict[str, _Read] = {}
        self._tags: dict[str, tuple[str, ...]] | None = None
        self._turn = asyncio.Lock()

    async def refresh(self, names: Iterable[str] | None = None) -> None:
        """Read what has changed, of all files or of those with `names`.

        One after the other: a file that is slow to read is read once, whoever asks and whoever stops waiting.
        """
        async with self._turn:
            there = set(self.folder.names())
            for name in sorted(there | self._files.keys() if names is None else set(names)):
                await self._refresh(name, there)

    async def _refresh(self, name: str, there: set[str]) -> None:
        known = self._files.get(name)
        if name not in there:
            if known is not None:
                del self._files[name]
                self._tags = None
                self._noticed(name, None)
            return
        stamp = self.folder.stamp(name)
        if known is None or known.stamp != stamp:
            self._files[name] = _Read(stamp, await self._look_at(name))
            self._tags = None

    async def _look_at(self, name: str) -> GuestFile:
        path = self.folder.path(name)
        try:
            content = self.folder.read(name)
        except OSError as error:
            return _unreadable(path, f"it cannot be read: {error.strerror}")
        except XeniaError as error:
            return _unreadable(path, error.message)
        self._noticed(name, content)
        return await self.read(path, content)

    async def read(self, path: str, content: bytes) -> GuestFile:
        """What a guest file of `content` would be at `path`."""
        try:
            reading = await self._read(decode(content), path, ())
        except XeniaError as error:
            return _unreadable(path, error.message, etag_of(content))
        errors = tuple(each for each in reading.complaints if each.severity is Severity.ERROR)
        if errors:
            log.info("guest file %s: %s", printable(path), printable(errors[0].message))
        return GuestFile(path, etag_of(content), reading.config, errors)

    def guest_files(self) -> tuple[GuestFile, ...]:
        """All of them, by name, whether they can be used or not."""
        return tuple(self._files[name].file for name in sorted(self._files))

    def all(self) -> list[tuple[DomainConfig, tuple[GuestFile, ...]]]:
        """What is defined, by name of the domain, each with all files that define it, by name. The first one counts."""
        by_name: dict[str, list[GuestFile]] = {}
        for file in self.guest_files():
            if file.config is not None:
                by_name.setdefault(file.config.name, []).append(file)
        return [(files[0].config, tuple(files)) for _, files in sorted(by_name.items()) if files[0].config is not None]

    def files(self) -> list[tuple[DomainConfig, str]]:
        """What each file that can be used defines, and its path."""
        return [(file.config, file.file) for file in self.guest_files() if file.config is not None]

    def defines(self, name: str) -> bool:
        """Whether a file that can be used defines the domain `name`."""
        return name in self.tags()

    def tags(self) -> Mapping[str, tuple[str, ...]]:
        """The tags that guest files give, by name of the domain; of several files the first one counts."""
        if self._tags is None:
            self._tags = {config.name: config.tags for config, _ in reversed(self.files())}
        return self._tags

    def of(self, name: str) -> tuple[GuestFile, ...]:
        """The files that define the domain `name`."""
        found = [each.file for each in self._files.values() if each.file.config and each.file.config.name == name]
        return tuple(sorted(found, key=lambda file: file.file))

    def broken(self) -> Iterable[GuestFile]:
        """The files that define nothing because they cannot be used."""
        return (file for file in self.guest_files() if file.config is None)


def _unreadable(path: str, why: str, etag: str = "") -> GuestFile:
    log.info("guest file %s: %s", printable(path), printable(why))
    return GuestFile(path, etag, errors=(Complaint(Severity.ERROR, why, path),))
