"""An xrdp for one viewer alone, which shows one guest and asks for nothing: for whoever xend itself has let in.

The xrdp that all share would lead whoever reaches it to each guest, and tell the names of all.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from xenia.lib.confined import command
from xenia.lib.program import ENVIRONMENT, PATH
from xenia.model.errors import unavailable
from xenia.screen.rdp.ini import CERTIFICATE, CONFIG, DOOR, KEY

_MAIN = "xenia.screen.rdp.server_main"
_READY_SECONDS = 15.0
_LOOK_SECONDS = 0.02


@asynccontextmanager
async def own_server(
    parent: Path, ini: str, certificate: tuple[Path, Path], *, uid: int | None
) -> AsyncIterator[socket.socket]:
    """A connection to an xrdp that is told `ini`, and ends with the context. What it is told lies in a folder of its
    own below `parent`, with copies of the files of a `certificate` and its key. As root it runs as the user `uid`.
    Raises unavailable, OSError.
    """
    program = shutil.which("xrdp", path=PATH)
    if program is None:
        raise unavailable("xrdp is not installed", "apt-get install xrdp")
    with _told(parent, ini, certificate, uid) as folder:
        orders = {"program": program, "uid": uid, "parent": os.getpid()}
        process = await asyncio.create_subprocess_exec(
            *command(_MAIN, orders),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            cwd=folder,
            env=ENVIRONMENT,
        )
        try:
            with await _connected(folder, process) as connection:
                yield connection
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


@contextmanager
def _told(parent: Path, ini: str, certificate: tuple[Path, Path], uid: int | None) -> Iterator[Path]:
    """The folder; xrdp makes its socket there."""
    folder = parent / secrets.token_hex(8)
    folder.mkdir(mode=0o700, parents=True)
    try:
        chain, key = certificate
        for name, content in (
            (CONFIG, ini.encode()),
            (CERTIFICATE, chain.read_bytes()),
            (KEY, key.read_bytes()),
        ):
            with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(content)
                if uid is not None:
                    os.fchown(file.fileno(), 0, uid)
                    os.fchmod(file.fileno(), 0o640)
        if uid is not None:
            os.chown(folder, 0, uid)
            folder.chmod(0o1770)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            parent.rmdir()  # it was the last one


async def _connected(folder: Path, process: asyncio.subprocess.Process) -> socket.socket:
    """Once it listens. Raises unavailable."""
    inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.setblocking(False)
        async with asyncio.timeout(_READY_SECONDS):
            while process.returncode is None:
                try:
                    connection.connect(f"/proc/self/fd/{inside}/{DOOR}")  # paths of sockets are short
                except (FileNotFoundError, ConnectionRefusedError):
                    await asyncio.sleep(_LOOK_SECONDS)
                else:
                    (folder / DOOR).unlink()
                    return connection
        raise unavailable("xrdp, which shows the screen over RDP, does not start")
    except TimeoutError:
        raise unavailable(
            f"xrdp, which shows the screen over RDP, does not listen within {_READY_SECONDS:g} s"
        ) from None
    except BaseException:
        connection.close()
        raise
    finally:
        os.close(inside)
