"""Files that a guest's own user can read, whoever owns them on the host: sealed copies in memory (man memfd_create)."""

from __future__ import annotations

import asyncio
import fcntl
import os
import stat

from xenia.model.errors import invalid, unavailable
from xenia.storage.inspect import Inspect
from xenia.storage.paths import shell_word

_CHUNK = 1 << 22
_PIPE = 1 << 20
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
    copy = _create()
    source, sink = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        os.set_blocking(sink, True)
        fcntl.fcntl(source, fcntl.F_SETPIPE_SZ, _PIPE)
        filled = _fill(source, copy)
        try:
            found = await inspect("expand_kernel", {}, [descriptor, sink])
        finally:
            os.close(sink)
        await filled
    except BaseException:
        os.close(copy)
        raise
    finally:
        asyncio.get_running_loop().remove_reader(source)
        os.close(source)
    if not found["complete"]:
        os.close(copy)
        raise invalid(f"'{path}' is a damaged gzip file", f"see for yourself: gzip -t {shell_word(path)}")
    fcntl.fcntl(copy, fcntl.F_ADD_SEALS, _SEALS)
    return copy


def _fill(source: int, target: int) -> asyncio.Future[None]:
    """Copy the pipe `source` to the file `target` while the loop runs; done at the end of the pipe."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def more() -> None:
        try:
            chunk = os.read(source, _PIPE)
            if chunk:
                os.write(target, chunk)
                return
        except BlockingIOError:
            return
        except OSError as error:
            done.set_exception(unavailable(f"cannot expand a kernel in memory: {error.strerror}"))
        else:
            done.set_result(None)
        loop.remove_reader(source)

    loop.add_reader(source, more)
    return done


def _create() -> int:
    return os.memfd_create("xenia-boot", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
