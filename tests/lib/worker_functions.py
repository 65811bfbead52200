"""What the tests of the worker let it run: good and hostile functions."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import signal
import socket
from pathlib import Path
from typing import Any

Plain = dict[str, Any]


def echo(arguments: Plain, descriptors: list[int]) -> Plain:
    return {"arguments": arguments, "descriptors": len(descriptors), "pid": os.getpid()}


def read_descriptors(arguments: Plain, descriptors: list[int]) -> Plain:
    return {"content": [os.read(descriptor, 100).decode() for descriptor in descriptors]}


def loop(arguments: Plain, descriptors: list[int]) -> Plain:
    while True:
        pass


def signal_and_loop(arguments: Plain, descriptors: list[int]) -> Plain:
    os.write(descriptors[0], b"!")
    return loop(arguments, descriptors)


def regex_bomb(arguments: Plain, descriptors: list[int]) -> Plain:
    return {"found": re.search(r"(a+)+$", "a" * 60 + "b") is not None}


def memory_bomb(arguments: Plain, descriptors: list[int]) -> Plain:
    return {"size": len(bytearray(1 << 40))}


def crash(arguments: Plain, descriptors: list[int]) -> Plain:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def leave(arguments: Plain, descriptors: list[int]) -> Plain:
    os._exit(3)


def refuse(arguments: Plain, descriptors: list[int]) -> Plain:
    raise ValueError("not like this")


def no_json(arguments: Plain, descriptors: list[int]) -> Plain:
    return {"result": object()}


def rights(arguments: Plain, descriptors: list[int]) -> Plain:
    """What this process may still do."""
    return {
        "uid": os.getresuid(),
        "gid": os.getresgid(),
        "groups": os.getgroups(),
        "fork": _refused(os.fork),
        "open": _refused(lambda: Path("/etc/passwd").read_bytes()),
        "make": _refused(lambda: Path("/tmp/made-by-worker").write_bytes(b"x")),
        "run": _refused(lambda: os.posix_spawn("/bin/true", ["true"], {})),
        "network": _refused(lambda: _connect(arguments["port"])),
        "no_new_privileges": ctypes.CDLL(None).prctl(39, 0, 0, 0, 0),
        "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[1],
        "descriptors": sorted(int(name) for name in _open_descriptors()),
        "environment": dict(os.environ),
    }


def _connect(port: int) -> None:
    with socket.socket() as connection:
        connection.settimeout(1)
        connection.connect((b"127.0.0.1", port))


def _open_descriptors() -> list[int]:
    found = []
    for number in range(256):
        try:
            os.fstat(number)
        except OSError:
            continue
        found.append(number)
    return found


def _refused(act: Any) -> bool:
    try:
        act()
    except OSError:
        return True
    return False
