"""Making an image."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from xenia.lib.aio import to_end
from xenia.lib.program import run
from xenia.lib.text import printable
from xenia.model.errors import XeniaError, engine_failed, invalid, unavailable
from xenia.model.image import ImageFormat
from xenia.storage.images.look import SECTOR, free_space
from xenia.storage.new_file import NewFile, exists_already
from xenia.storage.paths import Place

LARGEST = 1 << 60
"""Bytes of a disk; what a file system takes is less."""

_SECONDS = 60
_SPARE = 64 << 20
"""What is left to everybody else, in bytes."""


@dataclass(frozen=True, slots=True)
class Base:
    """What a new image is based on: the name of it that is written into the image, and its format."""

    name: str
    format: str


def check_size(size: int) -> None:
    """Raises invalid for what can be the size of no disk."""
    if not SECTOR <= size <= LARGEST or size % SECTOR:
        raise invalid(
            f"a disk cannot have {size} bytes: it consists of whole sectors of {SECTOR} bytes", "for example: 10g, 512m"
        )


def require_room(folder: Place, size: int, what: str) -> None:
    """Raises unavailable where `size` bytes and some to spare do not fit into `folder`."""
    free = free_space(f"/proc/self/fd/{folder.descriptor}")
    if free < size + _SPARE:
        raise unavailable(
            f"{what} needs {size >> 20} MiB, and '{printable(folder.path)}' has {free >> 20} MiB free",
            "free some space, or choose another folder",
        )


async def create(
    folder: Place, name: str, size: int, form: ImageFormat, *, base: Base | None = None, preallocate: bool = False
) -> None:
    """Make the image `name` of `size` bytes in `folder`, whole or not at all.

    Raises a conflict where such a file is there, unavailable where it does not fit, engine_failed with qemu-img's
    words, and OSError.
    """
    if preallocate:
        require_room(folder, size, "the image")
    new = new_file(folder)
    try:
        await fill_in(new.descriptor, size, form, base=base, preallocate=preallocate)
        await to_end(new.keep_durably, name)
    except FileExistsError as error:
        raise exists_already(Path(folder.path, name)) from error
    finally:
        new.close()


async def fill_in(
    descriptor: int, size: int, form: ImageFormat, *, base: Base | None = None, preallocate: bool = False
) -> None:
    """Make the empty file open as `descriptor` an image. Raises unavailable, engine_failed and OSError."""
    if form is ImageFormat.RAW:
        await to_end(_extend, descriptor, size, preallocate=preallocate)
    else:
        await _make_qcow2(descriptor, size, base, preallocate=preallocate)


def new_file(folder: Place) -> NewFile:
    """Raises OSError with the name of the folder."""
    try:
        return NewFile(folder.descriptor)
    except OSError as error:
        raise OSError(error.errno, error.strerror, folder.path) from error


def _extend(descriptor: int, size: int, *, preallocate: bool) -> None:
    if preallocate:
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.ftruncate(descriptor, size)


async def _make_qcow2(descriptor: int, size: int, base: Base | None, *, preallocate: bool) -> None:
    """The base is named and not opened (-u): its content is a stranger's."""
    options = "preallocation=falloc" if preallocate else "preallocation=off"
    words = ["qemu-img", "create", "-q", "-f", "qcow2", "-o", options]
    if base is not None:
        words += ["-u", "-b", base.name, "-F", base.format]
    await run_qemu_img([*words, f"/proc/self/fd/{descriptor}", str(size)], descriptor)


async def run_qemu_img(words: list[str], descriptor: int) -> None:
    """Have qemu-img do something to the image of our own that is open as `descriptor`."""
    try:
        ended = await run(words, seconds=_SECONDS, descriptors=[descriptor])
    except FileNotFoundError as error:
        raise no_qemu_img() from error
    if ended.code != 0:
        raise engine_failed(f"qemu-img cannot make the image: {printable(ended.err.strip())[:500]}")


def no_qemu_img() -> XeniaError:
    return unavailable("qemu-img is not installed", "apt install qemu-utils")
