"""The folder of guest files, as bytes: read without waiting for anybody, replaced in one step."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import stat
from pathlib import Path

from xenia.guestfile.text import LIMIT
from xenia.lib.replace import replace_file, sync_folder
from xenia.model.errors import XeniaError, conflict, invalid

Stamp = tuple[int, int, int, int]

_SUFFIX = ".cfg"
_TEMPORARY = re.compile(r"\..+\.(cfg|toml|conf)\.[0-9a-f]{8}")
_LONGEST_NAME = 200
NEW_MODE = 0o600
"""The permissions of a file that is made: it may hold a password."""


def etag_of(content: bytes) -> str:
    """A name for `content` that no other content has."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


class GuestFolder:
    """The `*.cfg` files in `folder`, an absolute path, by their names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Sorted; empty when there is no such folder."""
        try:
            return sorted(name for name in os.listdir(self.folder) if is_guest_file(name))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def stamp(self, name: str) -> Stamp | None:
        """What tells that a file is still as it was; None for one that is not there."""
        try:
            status = (self.folder / name).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino

    def mode(self, name: str) -> int:
        """The permissions of a file. Raises OSError."""
        return stat.S_IMODE((self.folder / name).stat().st_mode)

    def read(self, name: str) -> bytes:
        """Raises OSError, or invalid for what can be no guest file. Opening does not wait: a pipe has nobody at its
        end.
        """
        descriptor = os.open(self.path(name), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise invalid("it is no file")
        with open(descriptor, "rb") as file:
            content = file.read(LIMIT + 1)
        if len(content) > LIMIT:
            raise invalid(f"it is longer than {LIMIT >> 10} KiB")
        return content

    def read_if_there(self, name: str) -> bytes | None:
        """As `read`; None where there is no such file."""
        try:
            return self.read(name)
        except FileNotFoundError:
            return None

    async def replace(self, name: str, content: bytes | None, *, expected: bytes | None, mode: int = NEW_MODE) -> None:
        """Give the file `content`, or remove it (None), durably and in one step; it keeps its owner and permissions. A
        new one gets `mode`. A link is followed, and stays.

        Raises a conflict when the file is not as `expected` (None: not there) any more, and OSError; then nothing has
        changed.
        """
        await asyncio.to_thread(self._replace, name, content, expected, mode)

    def _replace(self, name: str, content: bytes | None, expected: bytes | None, mode: int) -> None:
        path = self.folder / name

        def check() -> None:
            if self.read_if_there(name) != expected:
                raise changed_meanwhile(str(path))

        if content is not None:
            replace_file(path, content, mode=mode, check=check)
            return
        check()
        if expected is not None:
            path.unlink()
        sync_folder(self.folder)

    def remove_leftovers(self) -> None:
        """Remove what a process left that was killed while it wrote. Only while nobody writes there."""
        for name in os.listdir(self.folder):
            if _TEMPORARY.fullmatch(name):
                (self.folder / name).unlink(missing_ok=True)


def is_guest_file(name: str) -> bool:
    """Whether `name` can be that of a guest file in the folder: no hidden one, no path."""
    return name.endswith(_SUFFIX) and not name.startswith(".") and "/" not in name and len(name) <= _LONGEST_NAME


def changed_meanwhile(file: str) -> XeniaError:
    return conflict(f"{file} was changed by somebody else meanwhile, and is left as it is", "look at it, and try again")
