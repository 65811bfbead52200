"""One life of xend, from its folders to its end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time

from xenia.api.app import make_app
from xenia.api.doors import About
from xenia.daemon.compose import compose
from xenia.daemon.logs import start_logging
from xenia.daemon.serve import check_length, listen, listen_for_web, serve
from xenia.lib.aio import Tasks
from xenia.lib.descriptors import allow_many
from xenia.lib.notify import notify
from xenia.lib.only_one import Taken, only_one
from xenia.lib.paths import Paths
from xenia.lib.version import program_version
from xenia.model.errors import XeniaError, conflict, denied, unavailable
from xenia.settings.load import Loaded
from xenia.settings.settings import Settings

log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(paths: Paths, loaded: Loaded) -> None:
    """Serve until a signal says to end. Guests run on.

    Raises a conflict when another xend serves this root, denied or unavailable when its folders cannot be used.
    """
    check_length(paths.socket)
    try:
        _make_folders(paths)
        with only_one(paths.lock):
            start_logging(paths.log, loaded.settings.log_level, loaded.settings.log_format)
            for remark in loaded.remarks:
                log.warning("%s", remark)
            allow_many()
            asyncio.run(_live(paths, loaded))
    except Taken as other:
        raise conflict(f"xend runs here already, as process {other.pid}", f"end it first: kill {other.pid}") from None
    except OSError as error:
        raise _cannot_use(paths, error) from error


def _make_folders(paths: Paths) -> None:
    for folder, mode in (
        (paths.guest_files, 0o755),
        (paths.images, 0o755),
        (paths.state, 0o700),
        (paths.logs, 0o750),
        (paths.run, 0o755),
    ):
        folder.mkdir(mode=mode, parents=True, exist_ok=True)


def _cannot_use(paths: Paths, error: OSError) -> XeniaError:
    message = f"cannot use {error.filename or paths.root}: {error.strerror or error}"
    if isinstance(error, PermissionError):
        return denied(message, "run it as root, or with a root folder of your own: xend --root DIR")
    return unavailable(message)


async def _live(paths: Paths, loaded: Loaded) -> None:
    asked_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, asked_to_end.set)
    about = About(program_version(), os.getpid(), str(paths.root), time.time())
    async with compose(paths, loaded, about) as doors:
        stop, tasks = asyncio.Event(), Tasks()
        web_uid = loaded.settings.web_uid if os.geteuid() == 0 else None
        listeners = [listen(paths.socket, loaded.settings.socket_group), listen_for_web(paths.web_socket, web_uid)]
        server = tasks.start(
            serve(make_app(doors), listeners, stop, ready=lambda: _ready(paths, loaded.settings)), name="server"
        )
        waiting = tasks.start(asked_to_end.wait(), name="signal")
        await asyncio.wait({server, waiting}, return_when=asyncio.FIRST_COMPLETED)
        log.info("xend is stopping; the guests run on")
        notify("STOPPING=1")
        doors.stopping.set()
        await doors.consoles.close()
        stop.set()
        await server
        await tasks.close()
        for socket in (paths.socket, paths.web_socket):
            socket.unlink(missing_ok=True)


def _ready(paths: Paths, settings: Settings) -> None:
    log.info("xend is ready: %s (process %d, engine %s)", paths.socket, os.getpid(), settings.engine)
    notify("READY=1")
