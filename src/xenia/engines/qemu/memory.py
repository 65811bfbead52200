"""The memory of a guest, which is a file in memory of its own (memory-backend-memfd)."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from pathlib import Path

from xenia.lib.descriptors import descriptors_of
from xenia.model.errors import engine_failed

_MEMORY = "/memfd:memory-backend-memfd"
"""What QEMU calls the memory of its guests (backends/hostmem-memfd.c)."""
_IN_MEMORY = "/memfd:"
_PIECE = 1 << 20


def open_memory(pid: int, size: int) -> int | None:
    """A descriptor of the memory of a guest; None where it is no file of its own. Raises engine_failed.

    QEMU may be a stranger's by now: whatever it shows us is looked at before it is used.
    """
    try:
        for link, target in descriptors_of(Path(f"/proc/{pid}")):
            if not target.startswith(_MEMORY):
                continue
            descriptor = os.open(link, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode) and status.st_size == size:
                return descriptor
            os.close(descriptor)
    except OSError as error:
        raise engine_failed(f"the memory of the guest cannot be reached: {error.strerror}") from error
    return None


def have_at_hand(pid: int, size: int, stop: threading.Event) -> None:
    """Have all of a guest's memory in the page tables of its QEMU, which runs on, and none of its `size` bytes a hole
    any more: it is read once, as QEMU itself would (/proc/pid/mem, proc(5)). What cannot be read stays as it is.
    """
    with contextlib.suppress(OSError):
        begin, end = _where_it_is(pid, size)
        memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
        try:
            room = bytearray(_PIECE)
            for at in range(begin, end, _PIECE):
                if stop.is_set():
                    break
                os.preadv(memory, [room], at)
        finally:
            os.close(memory)


def _where_it_is(pid: int, size: int) -> tuple[int, int]:
    """Where QEMU has it, whether the file is its own or that of a clone's source; nowhere where it is another size."""
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        if _IN_MEMORY in line:
            begin, end = (int(number, 16) for number in line.split(maxsplit=1)[0].split("-"))
            if end - begin == size:
                return begin, end
    return 0, 0
