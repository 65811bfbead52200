"""xrdp, kept while there is somebody to be seen through it."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
import shutil
import signal
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, cast

from xenia.lib.aio import Tasks
from xenia.lib.confined import command
from xenia.lib.program import ENVIRONMENT, PATH
from xenia.lib.text import printable
from xenia.model.errors import XeniaError
from xenia.screen.rdp.ini import CERTIFICATE, CONFIG, KEY, ini_of

log = logging.getLogger(__name__)

_MAIN = "xenia.screen.rdp.server_main"
_READY_SECONDS = 60.0
_LOOK_SECONDS = 0.05
_FIRST_WAIT, _LONGEST_WAIT = 2.0, 60.0
_WELL_SECONDS = 60.0
"""One that has run for so long is started again without a longer wait."""
_LINES = 4
_STAMP = re.compile(r"\[[\d:-]+\] \[\w+ *\] ")


def _why(error: OSError | XeniaError) -> str:
    if isinstance(error, XeniaError):
        return error.message
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)


class RdpServer:
    """One xrdp at `port` of `address`. What it is told lies in `folder`, which is made for it and removed with it, with
    copies of the files that `certificate` gives, a certificate and its key. As root it runs as the user `uid`. `told`
    hears "" once clients are answered, and why they are not.

    xrdp is killed with xend, however that ends; so nothing of it has to be found again.
    """

    def __init__(
        self,
        folder: Path,
        address: IPv4Address | IPv6Address,
        port: int,
        certificate: Callable[[], tuple[Path, Path]],
        told: Callable[[str], None],
        *,
        uid: int | None,
    ) -> None:
        self._folder = folder
        self._address = address
        self._port = port
        self._certificate = certificate
        self._told = told
        self._uid = uid
        self._sessions: Mapping[str, int] = {}
        self._written: Mapping[str, int] | None = None
        self._wanted, self._unwanted = asyncio.Event(), asyncio.Event()
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._tasks = Tasks()

    @property
    def place(self) -> str:
        host = f"[{self._address}]" if self._address.version == 6 else str(self._address)
        return f"{host}:{self._port}"

    def start(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)  # of a xend that was killed
        self._tasks.start(self._keep(), name="xrdp")

    async def close(self) -> None:
        """End it; who is connected is cut off."""
        await self._tasks.close()

    def show(self, sessions: Mapping[str, int]) -> None:
        """What is seen from the next connection on: names of guests and their ports on 127.0.0.1. Without any, xrdp
        ends.
        """
        self._sessions = dict(sessions)
        if not sessions:
            self._wanted.clear()
            self._unwanted.set()
            return
        if self._written not in (None, self._sessions):
            try:
                self._write()
            except (OSError, XeniaError) as error:
                log.error("xrdp is not told of what runs now: %s", error)
        self._unwanted.clear()
        self._wanted.set()

    async def _keep(self) -> None:
        wait = _FIRST_WAIT
        while True:
            await self._wanted.wait()
            began = time.monotonic()
            try:
                await self._serve()
            except (OSError, XeniaError) as error:
                self._told(_why(error))
                wait = _FIRST_WAIT if time.monotonic() - began > _WELL_SECONDS else min(2 * wait, _LONGEST_WAIT)
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._unwanted.wait()

    async def _serve(self) -> None:
        """Until nobody wants it any more. Raises OSError and XeniaError: why there is none, or none any more."""
        program = shutil.which("xrdp", path=PATH)
        if program is None:
            raise OSError(None, "xrdp is not installed: apt-get install xrdp")
        self._ensure_free()
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._uid is not None:
                os.chown(self._folder, 0, self._uid)
                self._folder.chmod(0o710)
            self._write()
            async with self._running(program) as (gone, unwanted):
                await self._until_ready(gone)
                self._told("")
                await asyncio.wait({gone, unwanted}, return_when=asyncio.FIRST_COMPLETED)
                if not unwanted.done():
                    raise OSError(None, "xrdp has ended; it is started again")
        finally:
            self._written = None
            shutil.rmtree(self._folder, ignore_errors=True)

    def _ensure_free(self) -> None:
        family = socket.AF_INET6 if self._address.version == 6 else socket.AF_INET
        with socket.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((str(self._address), self._port))
                listener.listen(1)
            except OSError as error:
                why = f"nobody can listen at {self.place}: {error.strerror}"
                if error.errno == errno.EADDRINUSE:
                    why += "; Debian's own xrdp? systemctl disable --now xrdp, or set rdp_port"
                raise OSError(error.errno, why) from error

    @asynccontextmanager
    async def _running(self, program: str) -> AsyncIterator[tuple[asyncio.Task[None], asyncio.Task[Any]]]:
        """Gives what is done when all of it has ended, with its last words in `_lines`, and what is done when nobody
        wants it any more.
        """
        orders = {"program": program, "uid": self._uid, "parent": os.getpid()}
        self._lines.clear()
        process = await asyncio.create_subprocess_exec(
            *command(_MAIN, orders),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            cwd=self._folder,
            env=ENVIRONMENT,
        )
        watching = Tasks()
        gone = watching.start(self._listen(cast(asyncio.StreamReader, process.stdout)), name="what xrdp says")
        try:
            yield gone, watching.start(self._unwanted.wait(), name="xrdp is unwanted")
        finally:
            if not gone.done():  # every process of it has the other end of that
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            await asyncio.wait({gone})
            await watching.close()

    async def _listen(self, output: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await output.readline()
            except ValueError:  # a longer line than anybody needs
                continue
            if not line:
                return
            said = _STAMP.sub("", line.decode(errors="replace").strip())
            if said:
                log.debug("xrdp: %.300s", printable(said))
                self._lines.append(printable(said)[:300])

    async def _until_ready(self, gone: asyncio.Task[None]) -> None:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(str(self._address), str(self._address))  # noqa: S104
        with suppress(TimeoutError):
            async with asyncio.timeout(_READY_SECONDS):
                while not gone.done():
                    try:
                        _, writer = await asyncio.open_connection(host, self._port)
                    except OSError:
                        await asyncio.wait({gone}, timeout=_LOOK_SECONDS)
                    else:
                        writer.close()
                        return
        if not gone.done():
            raise OSError(None, f"xrdp does not listen within {_READY_SECONDS:g} s; it is started again")
        raise OSError(None, f"xrdp does not start: {'; '.join(self._lines) or 'it says nothing'}")

    def _write(self) -> None:
        """Each file whole or not at all. Raises OSError, and what making a certificate raises."""
        chain, key = self._certificate()
        for name, content in (
            (CERTIFICATE, chain.read_bytes()),
            (KEY, key.read_bytes()),
            (CONFIG, ini_of(self._address, self._port, self._sessions).encode()),
        ):
            new = self._folder / f"{name}.new"
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(content)
                if self._uid is not None:
                    os.fchown(file.fileno(), 0, self._uid)
                    os.fchmod(file.fileno(), 0o640)
            new.replace(self._folder / name)
        self._written = self._sessions
