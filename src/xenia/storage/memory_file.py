"""Files that a guest's own user can read, whoever owns them on the host: sealed copies in memory (man memfd_create)."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import stat
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from xenia.model.errors import XeniaError, invalid, unavailable
from xenia.storage.inspect import Inspect
from xenia.storage.kernel_image import EXPANDED_LIMIT
from xenia.storage.paths import shell_word

_CHUNK = 1 << 22
_PIPE = 1 << 20
DRAIN_SECONDS = 10.0
"""How long what is still in a pipe may take; it is no more than the pipe holds."""
_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


async def readable_by_all(descriptor: int) -> int:
    """A new descriptor with the content of the regular file `descriptor` that any user who has it can open anew for
    reading.

    That is the file itself where its mode lets everybody read it or guests run as xend's own user, else a copy in
    memory. Raises unavailable when there is no memory for it.
    """
    status = os.fstat(descriptor)
    if status.st_mode & stat.S_IROTH or os.geteuid() != 0:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 0)
    copy = _create()
    try:
        offset = 0
        while sent := os.sendfile(copy, descriptor, offset, _CHUNK):
            offset += sent
            await asyncio.sleep(0)
        fcntl.fcntl(copy, fcntl.F_ADD_SEALS, _SEALS)
    except OSError as error:
        os.close(copy)
        raise unavailable(f"cannot copy a kernel or ramdisk into memory: {error.strerror}") from error
    except BaseException:
        os.close(copy)
        raise
    return copy


async def expand(descriptor: int, path: str, inspect: Inspect) -> int:
    """A file in memory with what the gzip file `descriptor` holds, expanded by the worker.

    Raises invalid when it is damaged or too large, unavailable when there is no memory for it.
    """
    found, (copy,) = await memory_files(
        # The worker notices one piece later that it is too much.
        [EXPANDED_LIMIT + _CHUNK],
        lambda pipes: inspect("expand_kernel", {}, [descriptor, *pipes]),
    )
    if not found["complete"]:
        os.close(copy)
        raise invalid(f"'{path}' is a damaged gzip file", f"see for yourself: gzip -t {shell_word(path)}")
    return copy


async def memory_files(
    limits: Sequence[int], run: Callable[[list[int]], Awaitable[dict[str, Any]]]
) -> tuple[dict[str, Any], list[int]]:
    """The result of `run` and, for each of `limits` in bytes, a sealed file in memory with what came through a pipe.

    `run` gets the pipes' ends to write to, in that order. Raises what it raises; invalid where more comes than the
    limit allows, unavailable when there is no memory. The descriptors are the caller's.
    """
    fillings: list[_Filling] = []
    try:
        for limit in limits:
            fillings.append(_Filling(limit))
        found = await run([filling.sink for filling in fillings])
        for filling in fillings:
            await filling.filled()
    except BaseException:
        for filling in fillings:
            os.close(filling.copy)
        raise
    finally:
        for filling in fillings:
            filling.stop()
    for filling in fillings:
        fcntl.fcntl(filling.copy, fcntl.F_ADD_SEALS, _SEALS)
    return found, [filling.copy for filling in fillings]


class _Filling:
    """A pipe that is copied to a file in memory, `copy`, while the loop runs; `sink` is its end to write to."""

    def __init__(self, limit: int) -> None:
        self.copy = _create()
        self._left = limit
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        source, self.sink = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._open = [source, self.sink]
        os.set_blocking(self.sink, True)
        with contextlib.suppress(OSError):  # a user may have too many pipes for a large one
            fcntl.fcntl(source, fcntl.F_SETPIPE_SZ, _PIPE)
        self._source = source
        self._loop.add_reader(source, self._more)

    async def filled(self) -> None:
        """Waits until all is copied. Raises unavailable where a process that has said it is done goes on writing."""
        self._close(self.sink)
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._done
        except TimeoutError as error:
            raise unavailable("a kernel or ramdisk does not come to its end") from error

    def stop(self) -> None:
        """Close the pipe, whatever has come through it. May be called again."""
        for end in list(self._open):
            self._close(end)
        if self._done.done() and not self._done.cancelled():
            self._done.exception()  # looked at, also where another error came first

    def _close(self, end: int) -> None:
        if end in self._open:
            if end == self._source:
                self._loop.remove_reader(end)
            self._open.remove(end)
            os.close(end)

    def _more(self) -> None:
        try:
            chunk = os.read(self._source, _PIPE)
            if chunk:
                self._keep(chunk)
                return
            self._done.set_result(None)
        except BlockingIOError:
            return
        except OSError as error:
            self._done.set_exception(unavailable(f"cannot keep a kernel in memory: {error.strerror}"))
        except XeniaError as error:
            self._done.set_exception(error)
        # Whoever still writes is told so at once: nobody will read.
        self._close(self._source)

    def _keep(self, chunk: bytes) -> None:
        self._left -= len(chunk)
        if self._left < 0:
            raise invalid("a kernel or ramdisk is larger than it may be")
        left = memoryview(chunk)
        while left:
            left = left[os.write(self.copy, left) :]


def _create() -> int:
    return os.memfd_create("xenia-boot", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
