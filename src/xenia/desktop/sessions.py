"""The sessions that are open, each with its process, as xend has them."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from xenia.lib import confined
from xenia.model.errors import ErrorKind, XeniaError, unavailable

MOST = 32


class DesktopSessions:
    """`uid` is the user of their processes (None: that of this one)."""

    def __init__(self, uid: int | None) -> None:
        self._uid = uid
        self._open = 0

    @contextmanager
    def session(self, guest: socket.socket, address: str) -> Iterator[socket.socket]:
        """A connection for what a browser says and hears; behind it the process has `guest`, a connection to an RDP
        server at `address`, which is its own from now on. With the context all of it ends. Raises too_many,
        unavailable.
        """
        with guest:
            if self._open >= MOST:
                raise XeniaError(f"{MOST} desktops are open already", kind=ErrorKind.TOO_MANY, hint="close one")
            ours, theirs = socket.socketpair()
            with ours:
                with theirs:
                    process = self._start(theirs, guest, address)
                guest.close()
                self._open += 1
                try:
                    ours.setblocking(False)
                    yield ours
                finally:
                    self._open -= 1
                    process.kill()
                    process.wait()

    def _start(self, browser: socket.socket, guest: socket.socket, address: str) -> subprocess.Popen[bytes]:
        orders = {
            "browser": browser.fileno(),
            "guest": guest.fileno(),
            "address": address,
            "uid": self._uid,
            "parent": os.getpid(),
        }
        try:
            return confined.start("xenia.desktop.relay_main", orders, [browser.fileno(), guest.fileno()])
        except OSError as error:
            raise unavailable(f"the process of a desktop cannot be started: {error.strerror}") from error
