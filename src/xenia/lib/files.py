"""The seam to small state files: atomic, and replaceable by memory in tests that kill xend at every step.

`Files` is what records and run state are kept through. Paths are relative to the root the implementation was made
for, with `/` between parts.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
from pathlib import Path
from typing import Protocol

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}")


class Files(Protocol):
    async def read(self, path: str) -> bytes | None:
        """The content, or None when there is no such file."""

    async def write(self, path: str, content: bytes, *, durable: bool) -> None:
        """Replace the file in one step, its folders made as needed; a reader sees the old or the new content, never a
        part.

        With `durable` it has reached the disk when this returns (fsync of file and folder). Raises OSError with the
        file's name.
        """

    async def remove(self, path: str) -> None:
        """Remove a file or a folder with all in it; silent when there is none."""

    async def list(self, path: str) -> list[str]:
        """The names in a folder, sorted; empty when there is none."""


class DiskFiles:
    """`Files` below the folder `root` of the real file system. Files are made with mode 0600, folders with 0711."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def remove_leftovers(self, path: str) -> None:
        """Remove below the folder `path` what a process left that was killed while it wrote. Only while nobody writes
        there.
        """
        for found in (self.root / path).rglob(".*"):
            if _TEMPORARY.fullmatch(found.name):
                found.unlink(missing_ok=True)

    async def read(self, path: str) -> bytes | None:
        try:
            return (self.root / path).read_bytes()
        except FileNotFoundError:
            return None

    async def write(self, path: str, content: bytes, *, durable: bool) -> None:
        if durable:
            await asyncio.to_thread(self._write, path, content, True)
        else:
            self._write(path, content, False)

    def _write(self, path: str, content: bytes, durable: bool) -> None:
        replace_file(self.root / path, content, durable=durable)

    async def remove(self, path: str) -> None:
        target = self.root / path
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target, ignore_errors=True)
        else:
            target.unlink(missing_ok=True)

    async def list(self, path: str) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self.root / path) if not name.startswith("."))
        except FileNotFoundError:
            return []


def replace_file(target: Path, content: bytes, *, durable: bool) -> None:
    """What `Files.write` does, at once: for processes that have nothing else to do meanwhile. Raises OSError with the
    file's name.
    """
    target.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(descriptor)
        temporary.replace(target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):  # a write that fails does not say of which file
            raise OSError(error.errno, error.strerror, str(target)) from error
        raise
    if durable:
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
