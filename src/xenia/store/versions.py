"""The earlier versions of guest files, below `var/lib/xenia/versions/FILE/`: `versions.json` lists them, and each is a
`NUMBER.cfg`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Sequence

from xenia.lib.codec import from_plain, to_plain
from xenia.lib.files import Files
from xenia.model.errors import not_found
from xenia.model.guest_file import Version
from xenia.store.folder import etag_of

log = logging.getLogger(__name__)

KEEP = 100
"""Versions of one file that are kept."""
KEEP_BYTES = 4 << 20
"""What the versions of one file may take together. The last two are kept however long they are."""

_FOLDER = "var/lib/xenia/versions"


class Versions:
    """`clock` gives seconds since the epoch. `file` is always the name of a guest file, without its folder."""

    def __init__(self, files: Files, clock: Callable[[], float]) -> None:
        self._files = files
        self._clock = clock
        self._known: dict[str, tuple[Version, ...]] = {}
        self._turn = asyncio.Lock()

    async def all(self, file: str) -> tuple[Version, ...]:
        """What is kept of `file`, the oldest first."""
        if file not in self._known:
            self._known[file] = await self._load(file)
        return self._known[file]

    async def content(self, file: str, number: int) -> bytes | None:
        """What the version `number` holds; None for one that says the file was removed. Raises not_found."""
        version = next((each for each in await self.all(file) if each.number == number), None)
        if version is not None and not version.etag:
            return None
        content = await self._files.read(_place(file, number)) if version is not None else None
        if version is None or content is None or etag_of(content) != version.etag:  # it may be lost with the power
            raise not_found(f"there is no version {number} of {file}", f"xm config history {file} lists them")
        return content

    async def add(self, file: str, content: bytes | None, who: str, what: str, *, durable: bool = True) -> Version:
        """Keep `content` (None: the file was removed) as the last version; the oldest ones go where there are too many.

        Nothing is added when the last version is the same. Raises OSError, and then nothing was added.
        """
        async with self._turn:
            kept = await self.all(file)
            etag = etag_of(content) if content is not None else ""
            if kept and kept[-1].etag == etag:
                return kept[-1]
            number = kept[-1].number + 1 if kept else 1
            version = Version(number, self._clock(), who, what, etag, len(content or b""))
            if content is not None:
                await self._files.write(_place(file, number), content, durable=durable)
            rest = _newest([*kept, version])
            listed = json.dumps(to_plain(list(rest)), indent=1).encode()
            await self._files.write(_list_of(file), listed, durable=durable)
            self._known[file] = rest
            for old in kept:
                if old not in rest:
                    await self._files.remove(_place(file, old.number))
            return version

    async def _load(self, file: str) -> tuple[Version, ...]:
        content = await self._files.read(_list_of(file))
        try:
            return tuple(from_plain(Version, each) for each in json.loads(content or b"[]"))
        except ValueError as error:
            log.error("%s cannot be read: %s; the versions of %s begin anew", _list_of(file), error, file)
            return ()


def _newest(versions: Sequence[Version]) -> tuple[Version, ...]:
    rest = list(versions[-KEEP:])
    while len(rest) > 2 and sum(each.size for each in rest) > KEEP_BYTES:
        rest.pop(0)
    return tuple(rest)


def _place(file: str, number: int) -> str:
    return f"{_FOLDER}/{file}/{number}.cfg"


def _list_of(file: str) -> str:
    return f"{_FOLDER}/{file}/versions.json"
