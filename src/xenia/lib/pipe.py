"""Pipes that much goes through."""

from __future__ import annotations

import contextlib
import fcntl
import os

_WIDTH = 1 << 20


def pipe() -> tuple[int, int]:
    """The ends to read from and to write to; they are the caller's to close."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    widen(reader)
    return reader, writer


def widen(end: int) -> None:
    """Let a pipe hold more."""
    with contextlib.suppress(OSError):  # it only goes slower with less
        fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _WIDTH)
