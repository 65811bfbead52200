"""A program on a terminal of its own, and a person in front of it."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import termios
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from pexpect import TIMEOUT, fdpexpect

LIMIT = 180


class Terminal:
    """To be used in a `with`, at whose end the program is killed if it still runs. `user` runs it, or who runs this."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], *, user: int | None = None) -> None:
        ours, self._theirs = pty.openpty()
        self.before = self.attributes()
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=self._theirs,
            stdout=self._theirs,
            stderr=self._theirs,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
        self._screen = fdpexpect.fdspawn(ours, timeout=LIMIT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process:
            self._process.kill()
        os.close(self._theirs)
        self._screen.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def attributes(self) -> list[Any]:
        """How the terminal is set."""
        return termios.tcgetattr(self._theirs)

    def sees(self, text: str, seconds: float = LIMIT) -> str:
        """Wait until `text` is shown; what was shown before it since the last time."""
        try:
            self._screen.expect_exact(text.encode(), timeout=seconds)
        except TIMEOUT:
            shown = bytes(self._screen.before)[-4096:]
            raise AssertionError(f"{text!r} was not shown, the last was {shown!r}") from None
        return bytes(self._screen.before).decode(errors="replace")

    def types(self, text: str) -> None:
        self._screen.send(text.encode())

    def ends(self) -> int:
        """Wait for the end of the program; its exit code."""
        return self._process.wait(LIMIT)

    def rest(self) -> str:
        """All that is shown that was not waited for, once the program has ended."""
        os.set_blocking(self._screen.child_fd, False)
        shown = bytes(self._screen.buffer)
        while True:
            try:
                shown += os.read(self._screen.child_fd, 1 << 16)
            except BlockingIOError:
                return re.sub(r"\r\n?", "\n", shown.decode(errors="replace"))
