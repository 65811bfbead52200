"""The worker's call: find the kernel that an image boots, and hand it out with its ramdisk through pipes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from xenia.storage.guest.blocks import Unreadable
from xenia.storage.guest.find import Choice, find_boot
from xenia.storage.guest.layers import open_layers
from xenia.storage.guest.volumes import Found
from xenia.storage.loader_options import KERNEL_LIMIT, RAMDISK_LIMIT, LoaderOptions


def extract_boot(arguments: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """Read the image whose layers are open as all but the last two descriptors, the top first, and write its kernel to
    the pipe that is the last but one, its ramdisk to the last.

    `arguments`: `formats`, raw or qcow2 for each layer; `wanted`, the members of LoaderOptions. The result has `title`,
    `source`, `kernel`, `ramdisks` (paths) and `arguments`, or else `problem` and `hint`.
    """
    *layers, kernel_pipe, ramdisk_pipe = descriptors
    try:
        disk = open_layers(layers, arguments["formats"])
        choice = find_boot(disk, LoaderOptions(**arguments["wanted"]))
        _refuse_sizes(choice)
        _write(kernel_pipe, _content(choice.kernel))
        _write(ramdisk_pipe, _joined(choice.ramdisks))
    except Unreadable as error:
        return {"problem": error.message[:4000], "hint": error.hint}
    except BrokenPipeError:
        return {"problem": "nobody takes what is in it", "hint": ""}
    return {
        "title": choice.title,
        "source": choice.source,
        "kernel": choice.kernel.path,
        "ramdisks": [found.path for found in choice.ramdisks],
        "arguments": choice.arguments,
    }


def _refuse_sizes(choice: Choice) -> None:
    ramdisks = sum(found.inode.size for found in choice.ramdisks)
    for what, size, limit in (
        (choice.kernel.path, choice.kernel.inode.size, KERNEL_LIMIT),
        ("its ramdisk", ramdisks, RAMDISK_LIMIT),
    ):
        if size > limit:
            raise Unreadable(f"{what} has {size} bytes, more than can be booted ({limit})")


def _content(found: Found) -> Iterator[bytes]:
    try:
        yield from found.chunks()
    except Unreadable as error:
        raise Unreadable(f"{found.path} cannot be read: {error.message}", error.hint) from error


def _joined(ramdisks: tuple[Found, ...]) -> Iterator[bytes]:
    """Ramdisks one after the other, each on a multiple of four bytes, as boot loaders load them (Linux
    Documentation/driver-api/early-userspace/buffer-format.rst)."""
    for number, found in enumerate(ramdisks):
        yield from _content(found)
        if number + 1 < len(ramdisks):
            yield bytes(-found.inode.size % 4)


def _write(pipe: int, chunks: Iterable[bytes]) -> None:
    for chunk in chunks:
        left = memoryview(chunk)
        while left:
            left = left[os.write(pipe, left) :]
