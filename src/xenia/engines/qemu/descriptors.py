"""What a QEMU has open, reached through copies: xend's locks on images are on descriptors that QEMU has inherited."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from xenia.engines.qemu.process import Process
from xenia.model.errors import engine_failed


@contextmanager
def copied(process: Process, number: int) -> Iterator[int]:
    """A copy of what QEMU has open under this number; a lock on the one is a lock on the other. Raises engine_failed
    where there is none, or the kernel does not let us.
    """
    try:
        copy = process.copy(number)
    except OSError as error:
        raise engine_failed(
            f"QEMU keeps its images locked: {error.strerror}",
            "the host's kernel lets only root take over descriptors (sysctl kernel.yama.ptrace_scope)",
        ) from error
    try:
        yield copy
    finally:
        os.close(copy)
