"""The process of the relay, as xend has it."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from xenia.lib import confined


def start(connection: socket.socket, uid: int | None, certificate: tuple[Path, Path] | None) -> subprocess.Popen[bytes]:
    """Start it with `connection`, which it has for itself then, as the user `uid` (None: as this one), and with TLS
    where there is a `certificate`, the files of its chain and its key. Raises OSError.
    """
    files = [os.open(each, os.O_RDONLY | os.O_CLOEXEC) for each in certificate or ()]
    try:
        orders = {
            "descriptor": connection.fileno(),
            "chain": files[0] if files else None,
            "key": files[1] if files else None,
            "uid": uid,
            "parent": os.getpid(),
        }
        return confined.start("xenia.screen.relay_main", orders, [connection.fileno(), *files])
    finally:
        connection.close()
        for each in files:
            os.close(each)
