"""One process without rights, started ahead, for what reads the bytes of strangers: it may be killed at any moment.

`calls` names the functions it offers as `module:function`, each of the form `f(arguments, descriptors) -> result` with
plain JSON data. The process is this Python with this program's import path, so that it finds the same modules; see
worker_main for its life and sandbox for what is taken from it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xenia.lib.worker_main import LARGEST_FRAME, MOST_DESCRIPTORS

_START_SECONDS = 60
_BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from xenia.lib.worker_main import main; main(sys.argv[2])"
)


class WorkerError(Exception):
    """A call gave no result."""


class WorkerTimedOut(WorkerError):
    """The call took too long; the process was killed and replaced."""


class WorkerDied(WorkerError):
    """The process ended during the call, or could not be started; the text says how."""


class WorkerRefused(WorkerError):
    """The function itself raised; the text is what it said."""


@dataclass(slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    connection: socket.socket
    ready: bool = False


class Worker:
    """`seconds` is the longest a call may take, `memory_mib` what its process may use, `uid` whom it becomes when this
    is root.

    Calls are made one after the other, in the order in which they were asked for.
    """

    def __init__(self, calls: Mapping[str, str], *, seconds: float, memory_mib: int, uid: int | None) -> None:
        self._calls = dict(calls)
        self._seconds = seconds
        self._memory_mib = memory_mib
        self._uid = uid
        self._child: _Child | None = None
        self._lock = asyncio.Lock()
        self._closed = False

    async def start(self) -> None:
        """Start the process and wait until it is ready. Raises WorkerDied when it cannot be."""
        async with self._lock:
            await self._ready_child()

    async def call(
        self, name: str, arguments: dict[str, Any], descriptors: Sequence[int] = (), *, seconds: float | None = None
    ) -> dict[str, Any]:
        """The result of the function `name`; it gets duplicates of `descriptors`. `seconds` where it may take less
        time than others. Starts the process where there is none.

        Raises WorkerTimedOut, WorkerDied or WorkerRefused; the next call finds a fresh process where this one was lost.
        """
        if name not in self._calls:
            raise WorkerRefused(f"the worker offers no {name}")
        payload = json.dumps({"name": name, "arguments": arguments}).encode()
        if len(payload) > LARGEST_FRAME or len(descriptors) > MOST_DESCRIPTORS:
            raise WorkerRefused("the call is too large")
        async with self._lock:
            child = await self._ready_child()
            reply = await self._exchange(child, payload, descriptors, seconds or self._seconds)
        if "refused" in reply:
            raise WorkerRefused(str(reply["refused"]))
        result = reply.get("result")
        if not isinstance(result, dict):
            raise WorkerRefused("the function gave no result")
        return result

    async def close(self) -> None:
        """End the process. Waits for a call that is under way; further calls raise WorkerDied."""
        self._closed = True
        async with self._lock:
            self._discard(replace=False)

    async def _exchange(
        self, child: _Child, payload: bytes, descriptors: Sequence[int], seconds: float
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(seconds):
                await _send(child.connection, payload, descriptors)
                reply = await _receive(child.connection)
        except TimeoutError:
            self._discard(replace=True)
            raise WorkerTimedOut(f"it took more than {seconds:g} s") from None
        except (OSError, EOFError, ValueError, RecursionError):
            raise WorkerDied(self._discard(replace=True)) from None
        except BaseException:
            self._discard(replace=True)
            raise
        if reply.get("last"):
            self._discard(replace=True)
        return reply

    async def _ready_child(self) -> _Child:
        if self._closed:
            raise WorkerDied("the worker is closed")
        if self._child is not None and self._child.process.poll() is not None:
            self._discard(replace=False)
        child = self._child = self._child or self._spawn()
        if child.ready:
            return child
        try:
            async with asyncio.timeout(_START_SECONDS):
                first = await _receive(child.connection)
        except (OSError, EOFError, ValueError, RecursionError):
            raise WorkerDied(f"it could not be started: {self._discard(replace=False)}") from None
        except BaseException:
            self._discard(replace=False)
            raise
        if not first.get("ready"):
            self._discard(replace=False)
            raise WorkerDied(f"it could not be started: {first.get('failed')}")
        child.ready = True
        return child

    def _spawn(self) -> _Child:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        orders = {
            "descriptor": theirs.fileno(),
            "calls": self._calls,
            "seconds": self._seconds,
            "memory_mib": self._memory_mib,
            "uid": self._uid,
            "parent": os.getpid(),
        }
        path = json.dumps([str(Path(entry).absolute()) for entry in sys.path])
        try:
            with theirs:
                process = subprocess.Popen(
                    [sys.executable, "-I", "-c", _BOOT, path, json.dumps(orders)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                    env={"LC_ALL": "C.UTF-8"},
                )
        except OSError as error:
            ours.close()
            raise WorkerDied(f"it could not be started: {error.strerror}") from error
        return _Child(process, ours)

    def _discard(self, *, replace: bool) -> str:
        """Kill the process there is and, with `replace`, start the next one ahead; how the old one ended, in words."""
        child, self._child = self._child, None
        if child is None:
            return "it was not there"
        child.connection.close()
        ended = child.process.poll()
        child.process.kill()
        child.process.wait()
        if replace and not self._closed:
            self._child = self._spawn()
        return _said(child.process.returncode if ended is None else ended)


def _said(code: int) -> str:
    if code >= 0:
        return f"it ended with status {code}"
    return f"it was ended by {signal.Signals(-code).name}"


async def _send(connection: socket.socket, payload: bytes, descriptors: Sequence[int]) -> None:
    head = len(payload).to_bytes(4)
    # Nothing is under way on this socket, so the four bytes fit.
    socket.send_fds(connection, [head], list(descriptors))
    await asyncio.get_running_loop().sock_sendall(connection, payload)


async def _receive(connection: socket.socket) -> dict[str, Any]:
    """One frame. Raises EOFError at the end, ValueError for what is no frame of ours."""
    size = int.from_bytes(await _exactly(connection, 4))
    if size > LARGEST_FRAME:
        raise ValueError("the frame is too large")
    content = json.loads(await _exactly(connection, size))
    if not isinstance(content, dict):
        raise ValueError("the frame is no object")
    return content


async def _exactly(connection: socket.socket, size: int) -> bytes:
    loop = asyncio.get_running_loop()
    buffer = bytearray()
    while len(buffer) < size:
        part = await loop.sock_recv(connection, min(size - len(buffer), 1 << 20))
        if not part:
            raise EOFError
        buffer += part
    return bytes(buffer)
