"""The bytes of open images, served over NBD to a program that may reach nothing else.

Who serves knows no format: it has the open files, on a socket that has no name any more when it begins. It ends with
xend.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from xenia.lib.program import ENVIRONMENT, PATH
from xenia.lib.text import printable
from xenia.model.errors import engine_failed, unavailable

DIES_WITH_XEND = ("setpriv", "--pdeathsig", "KILL")

BASED = frozenset({"qcow2", "qcow", "qed", "vmdk"})
"""Formats whose header may name a base: QEMU is told not to look for it."""

_PACKAGES = {"qemu-img": "qemu-utils", "qemu-storage-daemon": "qemu-system-common"}


@dataclass(frozen=True, slots=True)
class Layer:
    """One open file of an image, or block device, in a format that QEMU calls so. It is locked by xend, not by who
    serves it. `discard`: what is thrown away of it is given back to the host.
    """

    descriptor: int
    format: str
    block_device: bool = False
    write: bool = False
    discard: bool = False


@asynccontextmanager
async def served(layers: Sequence[Layer]) -> AsyncIterator[list[socket.socket]]:
    """A connection for each of `layers` to who serves its bytes, as the export with its number. What was written to
    them is on the way to the disk at the end.

    Raises unavailable where a program is not installed, engine_failed where one has ended early, OSError.
    """
    for program, package in _PACKAGES.items():
        if shutil.which(program, path=PATH) is None:
            raise unavailable(f"{program} is not installed", f"apt install {package}")
    nodes = [_file(layer, f"image{number}") for number, layer in enumerate(layers)]
    exports = {f"image{number}": layer.write for number, layer in enumerate(layers)}
    async with _server(DIES_WITH_XEND, nodes, exports, [layer.descriptor for layer in layers]) as connections:
        yield connections


@asynccontextmanager
async def flattened(
    confined: Sequence[str], layers: Sequence[Layer], connections: Sequence[socket.socket]
) -> AsyncIterator[socket.socket]:
    """A connection to what a guest would see of an image, as the export 0. Its `layers` are served over `connections`,
    and are read by a process that the words `confined` start. Raises as `served`.
    """
    descriptors = [connection.fileno() for connection in connections]
    async with _server(confined, _chain(layers, connections), {"image0": False}, descriptors) as (connection,):
        yield connection


async def offered(
    confined: Sequence[str], layers: Sequence[Layer], connections: Sequence[socket.socket], listener: socket.socket
) -> str:
    """Have such a process offer that to all who connect to `listener`, until this is cancelled. If it ends by itself,
    what it has said.
    """
    address = {"addr": {"type": "fd", "str": str(listener.fileno())}, "max-connections": 0}
    words = ["--nbd-server", json.dumps(address)]
    for node in _chain(layers, connections):
        words += ["--blockdev", json.dumps(node)]
    export = {"type": "nbd", "id": "export0", "node-name": "image0", "name": ""}
    words = [*confined, "qemu-storage-daemon", *words, "--export", json.dumps(export)]
    server = await _start(words, [listener.fileno(), *(connection.fileno() for connection in connections)])
    try:
        _, said = await server.communicate()
        return said.decode(errors="replace")
    finally:
        await _end(server)


def _chain(layers: Sequence[Layer], connections: Sequence[socket.socket]) -> list[dict[str, object]]:
    """The nodes of an image whose layers are served, the last first."""
    nodes: list[dict[str, object]] = []
    for number, (layer, connection) in reversed([*enumerate(zip(layers, connections, strict=True))]):
        node = {"driver": layer.format, "node-name": f"image{number}", "read-only": True}
        node |= {"file": remote(number, connection)}
        if layer.format in BASED:
            node["backing"] = f"image{number + 1}" if number + 1 < len(layers) else None
        nodes.append(node)
    return nodes


def remote(number: int, connection: socket.socket) -> dict[str, object]:
    """QEMU's node of the export `number`, behind `connection`, which it inherits."""
    return {"driver": "nbd", "export": str(number), "server": {"type": "fd", "str": str(connection.fileno())}}


@asynccontextmanager
async def _server(
    starts: Sequence[str],
    nodes: Sequence[Mapping[str, object]],
    exports: Mapping[str, bool],
    descriptors: Sequence[int],
) -> AsyncIterator[list[socket.socket]]:
    """A connection for each of `exports`, nodes by their names with whether they may be written to."""
    with ExitStack() as held:
        connections = [held.enter_context(socket.socket(socket.AF_UNIX)) for _ in exports]
        with tempfile.TemporaryDirectory(prefix="xenia-nbd-") as folder, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(Path(folder, "socket")))
            listener.listen(len(connections))
            for connection in connections:
                connection.connect(listener.getsockname())
            words = [*starts, "qemu-storage-daemon", *_words(nodes, exports, listener.fileno())]
            server = await _start(words, [*descriptors, listener.fileno()])
        try:
            yield connections
            if server.returncode is not None:
                _, said = await server.communicate()
                raise engine_failed(f"the image cannot be served: {printable(said.decode(errors='replace'))[:500]}")
        finally:
            held.close()
            await _end(server)


def _words(nodes: Sequence[Mapping[str, object]], exports: Mapping[str, bool], listener: int) -> list[str]:
    address = {"addr": {"type": "fd", "str": str(listener)}, "max-connections": len(exports)}
    words = ["--nbd-server", json.dumps(address)]
    for node in nodes:
        words += ["--blockdev", json.dumps(node)]
    for number, (name, write) in enumerate(exports.items()):
        export = {"type": "nbd", "id": f"export{number}", "node-name": name, "name": str(number), "writable": write}
        words += ["--export", json.dumps(export)]
    return words


async def _start(words: Sequence[str], descriptors: Sequence[int]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=ENVIRONMENT,
        pass_fds=descriptors,
    )


def _file(layer: Layer, name: str) -> dict[str, object]:
    node: dict[str, object] = {
        "driver": "host_device" if layer.block_device else "file",
        "node-name": name,
        "filename": f"/proc/self/fd/{layer.descriptor}",
        "read-only": not layer.write,
        "locking": "off",
    }
    if layer.discard:
        node["discard"] = "unmap"
    return node


async def _end(server: asyncio.subprocess.Process) -> None:
    """What it was given is written when it has ended."""
    with suppress(ProcessLookupError):
        server.terminate()
    await server.communicate()
