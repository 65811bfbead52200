"""The monitor of a guest's QEMU, as libxl uses it: a connection for each time (QEMU docs/interop/qmp-spec.rst)."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from xenia.model.errors import engine_failed

SECONDS = 20.0

SOCKETS = Path("/run/xen")


class Qmp:
    """Made by `connect`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def execute(self, command: str, **arguments: object) -> Any:
        """What QEMU returns. Raises engine_failed with its own words."""
        self._writer.write(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while "event" in (answer := await self.read()):
            continue
        if "error" in answer:
            raise engine_failed(f"QEMU refuses {command}: {answer['error']['desc']}")
        return answer["return"]

    def send(self, descriptor: int) -> None:
        """Give QEMU a copy of `descriptor`, which the next command takes. Raises OSError."""
        connection = self._writer.get_extra_info("socket")
        with socket.socket(fileno=os.dup(connection.fileno())) as same:  # asyncio's own takes no descriptors
            socket.send_fds(same, [b" "], [descriptor])

    async def read(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            line = await self._reader.readline()
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def connect(domid: int, sockets: Path = SOCKETS) -> AsyncIterator[Qmp]:
    """The monitor of a domain's QEMU. Raises engine_failed where there is none, or it does not answer: it serves one
    client at a time.
    """
    try:
        reader, writer = await asyncio.open_unix_connection(sockets / f"qmp-libxl-{domid}", limit=1 << 24)
        try:
            qmp = Qmp(reader, writer)
            await qmp.read()
            await qmp.execute("qmp_capabilities")
            yield qmp
        finally:
            writer.close()
    except TimeoutError as error:
        raise engine_failed("the guest's QEMU does not answer", "what it says: /var/log/xen/qemu-dm-*.log") from error
    except (OSError, ValueError) as error:
        raise engine_failed(
            f"the guest's QEMU cannot be reached: {error}", "what it says: /var/log/xen/qemu-dm-*.log"
        ) from error
