"""The memory of a guest, written to a file.

QEMU writes it into a pipe that xend empties into the file. So a xend that is killed, a disk that is full or whoever
gives up closes the pipe, and QEMU ends the dump and lets its guest run on.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import select
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from xenia.engines.qemu.monitor import SECONDS
from xenia.model.errors import XeniaError, engine_failed

_PIPE = 1 << 20
_LOOK_AGAIN = 0.2
_NAME = "core"


class Qemu(Protocol):
    """What is used of a guest's monitor."""

    async def execute(
        self, command: str, arguments: Mapping[str, object] | None = None, *, seconds: float = SECONDS
    ) -> Any: ...

    def send(self, descriptor: int) -> None: ...


async def dump(qemu: Qemu, core: int, tell: Callable[[float], None]) -> None:
    """Have QEMU write the guest's memory to `core`, in ELF; the guest stands still meanwhile, as QEMU has it.

    Raises engine_failed, and OSError where the file takes no more.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    stop = threading.Event()
    try:
        with contextlib.suppress(OSError):  # it only goes slower with less
            fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, _PIPE)
        try:
            await _begin(qemu, writer)
        finally:
            os.close(writer)
        copying = asyncio.get_running_loop().run_in_executor(None, _empty, reader, core, stop)
        try:
            await _until_copied(qemu, copying, tell)
        finally:
            stop.set()
            await asyncio.wait({copying})
    finally:
        os.close(reader)
        await _until_over(qemu)
    status = (await qemu.execute("query-dump"))["status"]
    if status != "completed":
        raise engine_failed(f"QEMU has not written the whole memory: its dump has {status}")


async def _begin(qemu: Qemu, writer: int) -> None:
    qemu.send(writer)
    await qemu.execute("getfd", {"fdname": _NAME})
    arguments = {"paging": False, "protocol": f"fd:{_NAME}", "detach": True}
    try:
        await qemu.execute("dump-guest-memory", arguments)
    except XeniaError:
        with contextlib.suppress(XeniaError):  # one that QEMU has taken already
            await qemu.execute("closefd", {"fdname": _NAME})
        raise


async def _until_copied(qemu: Qemu, copying: asyncio.Future[None], tell: Callable[[float], None]) -> None:
    while not copying.done():
        await asyncio.wait({copying}, timeout=_LOOK_AGAIN)
        told = await qemu.execute("query-dump")
        if told["total"]:
            tell(told["completed"] / told["total"])
    copying.result()


async def _until_over(qemu: Qemu) -> None:
    """QEMU lets the guest run on after it has closed the pipe."""
    with contextlib.suppress(XeniaError):
        while (await qemu.execute("query-status"))["status"] == "save-vm":  # noqa: ASYNC110 (nothing tells of a guest that does not run on)
            await asyncio.sleep(_LOOK_AGAIN / 10)


def _empty(reader: int, core: int, stop: threading.Event) -> None:
    """From the pipe into the file, until QEMU has closed its end or `stop` is set. Raises OSError."""
    ready = select.poll()
    ready.register(reader, select.POLLIN)
    while not stop.is_set():
        if ready.poll(_LOOK_AGAIN * 1000) and not os.splice(reader, core, _PIPE):
            return
