"""The process of the relay, as xend has it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

_BOOT = (
    "import sys, json; from importlib import import_module; sys.path[:] = json.loads(sys.argv[1]); "
    "import_module(sys.argv[2]).main(sys.argv[3])"
)


def command(module: str, orders: Mapping[str, object]) -> list[str]:
    """The words that have a new Python call `main` of `module` with `orders`, in JSON."""
    path = json.dumps([str(Path(entry).absolute()) for entry in sys.path])
    return [sys.executable, "-I", "-c", _BOOT, path, module, json.dumps(orders)]


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
        return subprocess.Popen(
            command("xenia.screen.relay_main", orders),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[connection.fileno(), *files],
            start_new_session=True,
            env={"LC_ALL": "C.UTF-8"},
        )
    finally:
        connection.close()
        for each in files:
            os.close(each)
