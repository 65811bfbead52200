"""Putting an image into the one that it is based on, while no guest has either.

qemu-img does that with names of files only. So it is done by a qemu-storage-daemon, confined as qemu-img is, which is
given both images as nodes, and told by a monitor what to do with them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from socket import AF_UNIX, socket, socketpair
from typing import Any

from xenia.lib.program import ENVIRONMENT
from xenia.lib.text import printable
from xenia.model.errors import engine_failed
from xenia.storage.images.serve import Layer, remote

_LOOK_AGAIN = 0.02
_JOB = "commit"


async def commit(
    confined: Sequence[str],
    upper: Layer,
    lower: Layer,
    connections: Sequence[socket],
    tell: Callable[[float], None],
) -> None:
    """Have `lower` hold what `upper`, based on it, has beside it. Both are served over `connections`; the words
    `confined` start who reads their formats. Raises engine_failed.
    """
    above, below = (remote(number, connection) for number, connection in enumerate(connections))
    base = {"backing": None} if lower.format != "raw" else {}
    nodes = (
        {"driver": lower.format, "node-name": "lower", "file": below, **base},
        {"driver": upper.format, "node-name": "upper", "file": above, "backing": "lower"},
    )
    ours, theirs = socketpair(AF_UNIX)
    with ours, theirs:
        words = ["--chardev", f"socket,id=monitor,fd={theirs.fileno()}", "--monitor", "chardev=monitor"]
        for node in nodes:
            words += ["--blockdev", json.dumps(node)]
        process = await asyncio.create_subprocess_exec(
            *confined,
            "qemu-storage-daemon",
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=ENVIRONMENT,
            pass_fds=[theirs.fileno(), *(connection.fileno() for connection in connections)],
        )
        theirs.close()
        try:
            await _told(ours, tell)
        except (EOFError, OSError, ValueError) as error:
            await _end(process)
            said = (await process.stderr.read(500)).decode(errors="replace") if process.stderr else ""
            raise engine_failed(f"the images cannot be merged: {printable(said.strip()) or error}") from error
        finally:
            await _end(process)


class _Monitor:
    """One command at a time, and its answer; what is said meanwhile is passed over (QEMU's docs/interop/qmp-spec.txt).
    Raises EOFError, OSError, ValueError when nobody sensible is at the other end.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def execute(self, command: str, arguments: Mapping[str, object] | None = None) -> Any:
        """Raises also engine_failed where the command is refused."""
        self._writer.write(json.dumps({"execute": command, "arguments": arguments or {}}).encode() + b"\n")
        while line := await self._reader.readline():
            answer = json.loads(line)
            if "error" in answer:
                raise engine_failed(f"the images cannot be merged: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise EOFError("it has ended early")


async def _told(ours: socket, tell: Callable[[float], None]) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    try:
        monitor = _Monitor(reader, writer)
        await monitor.execute("qmp_capabilities")
        await monitor.execute("block-commit", {"job-id": _JOB, "device": "upper", "auto-dismiss": False})
        ready = False
        while (job := (await monitor.execute("query-jobs"))[0])["status"] != "concluded":
            tell(job["current-progress"] / max(job["total-progress"], 1))
            if job["status"] == "ready" and not ready:
                ready = True
                await _remove_bitmaps(monitor)
                await monitor.execute("job-complete", {"id": _JOB})
            await asyncio.sleep(_LOOK_AGAIN)
        if problem := job.get("error"):
            raise engine_failed(f"the images cannot be merged: {problem}")
        await monitor.execute("quit")
    finally:
        writer.close()


async def _remove_bitmaps(monitor: _Monitor) -> None:
    """Those of `lower` tell what was changed in it, and nothing of what was changed in `upper` or in an image that has
    lain upon it since.
    """
    nodes = await monitor.execute("query-named-block-nodes", {"flat": True})
    lower = next(each for each in nodes if each["node-name"] == "lower")
    for name in [each["name"] for each in lower.get("dirty-bitmaps", ()) if each.get("name")]:
        await monitor.execute("block-dirty-bitmap-remove", {"node": "lower", "name": name})


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    await process.wait()
