"""Writing to the registry: by its own program where there is one, else to a file of its form that is ours."""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from xenia.lib.regular import read_regular
from xenia.lib.replace import replace_file
from xenia.lib.text import decode
from xenia.model.errors import invalid, unavailable
from xenia.ucr.registry import LIMIT
from xenia.ucr.text import parse

_HEADING = "# univention_ base.conf\n\n"
_MODE = 0o600
"""Of a new file: it may hold a password."""
_LOCK_SECONDS = 5.0
_BETWEEN = 0.05
_PROGRAM_SECONDS = 120
"""It writes files anew, and restarts what depends on them."""

Changes = Mapping[str, str | None]
"""Values by variable; None takes one away."""


class RegistryWriter(Protocol):
    async def write(self, changes: Changes) -> tuple[str, ...]:
        """Make `changes`; what there is to say of it. Raises invalid for a value of several lines, unavailable where
        it cannot be done.
        """


@dataclass(frozen=True, slots=True)
class OwnFile:
    """For a host that has no registry."""

    path: Path

    async def write(self, changes: Changes) -> tuple[str, ...]:
        _check(changes)
        try:
            await asyncio.to_thread(self._write, changes)
        except OSError as error:
            raise unavailable(f"{error.filename or self.path} cannot be written: {error.strerror}") from error
        return ()

    def _write(self, changes: Changes) -> None:
        with _locked(self.path.with_name(self.path.name + ".lock")):
            try:
                old = parse(decode(read_regular(self.path, LIMIT))).entries
            except FileNotFoundError:
                old = {}
            values: dict[str, str | None] = {name: entry.value for name, entry in old.items()}
            values |= changes
            lines = (f"{name}: {value}\n" for name, value in sorted(values.items()) if value is not None)
            replace_file(self.path, (_HEADING + "".join(lines)).encode(), mode=_MODE)


@dataclass(frozen=True, slots=True)
class Program:
    """The registry's own program, so that its handlers run. As whenever it is used, the words of its command line, and
    with them a password, can be seen by others on the host while it runs.
    """

    path: str

    async def write(self, changes: Changes) -> tuple[str, ...]:
        _check(changes)
        wanted = [f"{name}={value}" for name, value in changes.items() if value is not None]
        gone = [name for name, value in changes.items() if value is None]
        said = ""
        for verb, words in (("set", wanted), ("unset", gone)):
            if words:
                said += await asyncio.to_thread(self._run, [verb, *words])
        return tuple(line for line in said.splitlines() if line.startswith("W: "))

    def _run(self, words: list[str]) -> str:
        """What it says on stderr."""
        try:
            done = subprocess.run(
                [self.path, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=_PROGRAM_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise unavailable(f"{self.path} {words[0]} has not ended within {_PROGRAM_SECONDS} s") from None
        except OSError as error:
            raise unavailable(f"{self.path} cannot be run: {error.strerror}") from error
        said = decode(done.stderr)
        if done.returncode:
            last = said.strip().splitlines()[-1:] or ["it said nothing"]
            raise unavailable(f"{self.path} {words[0]} failed with {done.returncode}: {last[0]}")
        return said


def _check(changes: Changes) -> None:
    for name, value in changes.items():
        if value is not None and not value.isprintable():
            raise invalid(f"{name} cannot have a value of several lines, or with characters that are not printable")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock file, as the registry's own program does for its files. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)
    try:
        end = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > end:
                    raise OSError(error.errno, "somebody else holds it", str(path)) from None
                time.sleep(_BETWEEN)
        yield
    finally:
        os.close(descriptor)
