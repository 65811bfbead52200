"""qemu-img on images of strangers: it is given the bytes of open files, and no right to reach another.

Two processes share the work. One serves the bytes (`serve`). The other is qemu-img, which reads the format: as a user
of its own where xend is root, without a network, and with connections to the first alone. What a header names besides
(a base, a data file) is found by it only if everybody on this host may read it. qemu-img cannot be told by descriptors
what is based on what: so a chain of images is read by a third, confined as it is. All end with xend.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from socket import socket

from xenia.lib.program import Ended, run
from xenia.lib.text import printable
from xenia.model.errors import engine_failed, invalid
from xenia.storage.images.commit import commit
from xenia.storage.images.serve import BASED, DIES_WITH_XEND, Layer, flattened, remote, served

_MEMORY = 4 << 30
"""Bytes of address space."""

_SAID = 8192
"""Bytes that are kept of what it says; of a broken image it may be much."""

_PROGRESS = re.compile(rb"\(([0-9.]{1,6})/100%\)\r$")


@dataclass(frozen=True, slots=True)
class QemuImg:
    """`uid` is the user and group that it becomes; None: it stays who xend is, which is not root then.

    All raise unavailable when a program is missing, engine_failed when the image cannot be served, OSError.
    """

    uid: int | None

    async def check(self, descriptor: int, *, repair: bool, block_device: bool, seconds: float) -> Ended:
        """Have the qcow2 image open as `descriptor` checked: what `qemu-img check --output=json` says. Raises also
        TimeoutError.
        """
        words = ["check", "--output=json", *(["-r", "all"] if repair else [])]
        return await self._on_one(words, Layer(descriptor, "qcow2", block_device, write=repair), (), seconds)

    async def resize(self, descriptor: int, size: int, *, shrink: bool = False, seconds: float) -> Ended:
        """Have the qcow2 image in the file open as `descriptor` be `size` bytes large; with `shrink`, fewer than it
        has. Raises as `check`.
        """
        words = ["resize", *(["--shrink"] if shrink else [])]
        layer = Layer(descriptor, "qcow2", write=True, discard=shrink)
        return await self._on_one(words, layer, (str(size),), seconds)

    async def rebase(self, descriptor: int, name: str, form: str, *, seconds: float) -> Ended:
        """Have the header of the qcow2 image open as `descriptor` say that it is based on `name`, in the format `form`.
        What it is based on is not looked at. Raises as `check`.
        """
        words = ["rebase", "-u", "-b", name, "-F", form]
        return await self._on_one(words, Layer(descriptor, "qcow2", write=True), (), seconds)

    async def commit(self, upper: Layer, lower: Layer, tell: Callable[[float], None]) -> None:
        """Have `lower` hold what `upper`, a qcow2 image based on it, has beside it. `tell` is told how far it is.
        Raises engine_failed also for images with which that cannot be.
        """
        async with served([upper, lower]) as connections:
            await commit(self.confined(), upper, lower, connections, tell)

    async def measure(self, image: Sequence[Layer], form: str) -> tuple[int, int]:
        """How many bytes an image in the format `form` takes that holds what `image` does, from the top down: now, and
        when each block of it has been written to. Of raw ones both are the size of the disk. Raises invalid for what
        cannot be read.
        """
        async with served(image) as connections, self._readable(image, connections) as (name, held):
            ended = await self._run(["measure", "--output=json", "-O", form, name], held)
        if ended.code != 0:
            raise invalid(f"the image cannot be read: {reason(ended.err)}")
        try:
            facts = json.loads(ended.out)
            return int(facts["required"]), int(facts["fully-allocated"])
        except (ValueError, TypeError, KeyError) as error:
            raise engine_failed(f"qemu-img's answer is not understood: {printable(ended.out)[:200]}") from error

    async def convert(self, source: Sequence[Layer], target: Layer, tell: Callable[[float], None]) -> Ended:
        """Have what `source` holds, from the top down, be in `target`, an image of the same size which is empty. `tell`
        is told how far it is.
        """

        def hear(piece: bytes) -> None:
            if found := _PROGRESS.search(piece):
                tell(min(float(found[1]) / 100, 1.0))

        async with (
            served([*source, target]) as [*connections, last],
            self._readable(source, connections) as (name, held),
        ):
            words = ["convert", "-p", "-n", "--target-is-zero", "-O", target.format]
            return await self._run([*words, name, _name(target, len(source), last)], [*held, last], hear=hear)

    async def write(self, image: Layer, pieces: Sequence[tuple[int, bytes]]) -> Ended:
        """Have these bytes be in an image at these places, one after the other, each on the disk before the next."""
        held = [os.memfd_create("piece", os.MFD_CLOEXEC) for _ in pieces]
        words: list[str] = []
        try:
            for file, (position, content) in zip(held, pieces, strict=True):
                os.write(file, content)
                words += ["-c", f"write -q -s /proc/self/fd/{file} {position} {len(content)}", "-c", "flush"]
            async with served([image]) as connections:
                name = _name(image, 0, *connections)
                return await run(
                    [*self.confined(), "qemu-io", *words, name],
                    seconds=None,
                    descriptors=[*held, *(connection.fileno() for connection in connections)],
                    most=_SAID,
                )
        finally:
            for file in held:
                os.close(file)

    @asynccontextmanager
    async def _readable(
        self, image: Sequence[Layer], connections: Sequence[socket]
    ) -> AsyncIterator[tuple[str, list[socket]]]:
        """What qemu-img calls an image, and the connections that it needs for that."""
        if len(image) == 1:
            yield _name(image[0], 0, connections[0]), [*connections]
            return
        async with flattened(self.confined(), image, connections) as connection:
            yield _name(Layer(-1, "raw"), 0, connection), [connection]

    async def _on_one(self, words: Sequence[str], image: Layer, more: Sequence[str], seconds: float) -> Ended:
        async with served([image]) as connections:
            return await self._run([*words, _name(image, 0, *connections), *more], connections, seconds)

    async def _run(
        self,
        words: Sequence[str],
        connections: Sequence[socket],
        seconds: float | None = None,
        hear: Callable[[bytes], None] = lambda _: None,
    ) -> Ended:
        return await run(
            [*self.confined(), "qemu-img", *words],
            seconds=seconds,
            descriptors=[connection.fileno() for connection in connections],
            most=_SAID,
            hear=hear,
        )

    def confined(self, largest: int = 0) -> list[str]:
        """The words that start a program so that it has no rights, and writes to no file more than `largest` bytes."""
        words = [*DIES_WITH_XEND, "--no-new-privs"]
        if self.uid is not None:
            user = str(self.uid)
            words = ["unshare", "--net", "--ipc", *words, "--reuid", user, "--regid", user, "--clear-groups"]
        return [*words, "prlimit", f"--as={_MEMORY}", "--core=0", f"--fsize={largest}"]


def _name(layer: Layer, number: int, connection: socket) -> str:
    """What qemu-img calls the image in one file that is the export `number` of who is behind `connection`."""
    given_back = {"discard": "unmap"} if layer.discard else {}
    node = {"driver": layer.format, **given_back, "file": {**remote(number, connection), **given_back}}
    return f"json:{json.dumps({**node, 'backing': None} if layer.format in BASED else node)}"


def reason(said: str) -> str:
    """The last line of what qemu-img says, without the name by which it knows the image."""
    lines = [line for line in said.splitlines() if line.strip()]
    last = lines[-1].rpartition("}': ")[2] if lines else "qemu-img has ended early"
    return printable(last.removeprefix("qemu-img: "))[:300]
