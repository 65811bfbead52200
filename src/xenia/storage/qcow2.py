"""qcow2 images and what they are based on, as their headers say it.

A guest file is the word of whoever starts the guest; the header of an image is only the word of whoever made the image.
So a backing file is never opened on an administrator's rights: it lies under the roots, or below the folder of the
image that names it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xenia.model.errors import XeniaError, invalid
from xenia.storage.inspect import Inspect
from xenia.storage.paths import Place, Roots, find, shell_word


@dataclass(frozen=True, slots=True)
class Header:
    """What matters of a usable qcow2 header. `size` is the virtual size in bytes."""

    size: int
    backing: str | None = None
    backing_format: str | None = None


def conversion(path: str) -> str:
    """The command that makes a qcow2 image of an image in another format."""
    stem = path.removesuffix(Path(path).suffix)
    target = f"{stem}-new.qcow2" if path.endswith(".qcow2") else f"{stem}.qcow2"
    return f"xm disk convert {shell_word(path)} {shell_word(target)}"


async def read_header(inspect: Inspect, descriptor: int, path: str) -> Header:
    """The header of a qcow2 image that a guest can use. Raises invalid for any other."""
    return _usable(await _inspect_image(inspect, descriptor), path)


async def read_backing_header(inspect: Inspect, parent: Header, descriptor: int, path: str) -> Header | None:
    """The header of a backing file, None for a raw one. Raises invalid where neither its image nor the one above says
    what it is.

    A file whose format nobody names is not probed: a guest that once wrote to it as a raw disk could have written any
    header there.
    """
    if parent.backing_format == "raw":
        return None
    facts = await _inspect_image(inspect, descriptor)
    if parent.backing_format is None and facts["format"] == "raw":
        return None
    if parent.backing_format is None:
        raise invalid(
            f"the image based on '{path}' does not say in which format that is",
            "write it down once, where you trust that file: "
            f"qemu-img rebase -u -F {facts['format']} -b {shell_word(path)} IMAGE",
        )
    if parent.backing_format != "qcow2":
        raise invalid(
            f"the backing file '{path}' is of the format {parent.backing_format!a}, neither raw nor qcow2",
            conversion(path),
        )
    return _usable(facts, path)


def find_backing(header: Header, parent: str, parent_real: str, roots: Roots) -> Place:
    """The backing file that `header` names; relative names start at the folder of `parent`, the path of the image it is
    from.

    Raises denied for one elsewhere, invalid for a name that is no plain file name, not_found.
    """
    name = header.backing or ""
    if ":" in name.split("/", 1)[0]:
        raise invalid(
            f"the image '{parent}' is based on {name!a}, which is no file",
            f"make it stand alone where it can be read: qemu-img convert -O qcow2 {shell_word(parent)} NEW",
        )
    paths = (*roots.paths, str(Path(parent_real).parent)) if roots.unrestricted else roots.paths
    try:
        return find(str(Path(parent).parent / name), Roots(paths))
    except XeniaError as error:
        raise XeniaError(
            f"the image '{parent}' is based on another file: {error.message}",
            kind=error.kind,
            hint="bring that file where images are, or make this one stand alone: "
            f"qemu-img convert -O qcow2 {shell_word(parent)} NEW",
        ) from error


async def _inspect_image(inspect: Inspect, descriptor: int) -> dict[str, Any]:
    """Who reads a stranger's header gets a descriptor that cannot write, whatever `descriptor` can."""
    reader = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return await inspect("inspect_image", {}, [reader])
    finally:
        os.close(reader)


def _usable(facts: dict[str, Any], path: str) -> Header:
    form, hint = facts["format"], None
    if form != "qcow2":
        said = "no image format that has a header" if form == "raw" else form
        raise invalid(
            f"'{path}' is not a qcow2 image: it is {said}",
            "say raw in the guest file if it is a plain disk image" if form == "raw" else conversion(path),
        )
    if facts["problem"]:
        problem = facts["problem"]
    elif facts["data_file"]:
        problem, hint = (
            "it keeps its data in another file",
            f"qemu-img convert -O qcow2 {shell_word(path)} NEW makes one file of it",
        )
    elif facts["encrypted"]:
        problem, hint = "it is encrypted", "make a plain one of it: qemu-img convert --object secret,... (man qemu-img)"
    elif facts["corrupt"]:
        problem, hint = "it is marked as damaged", f"repair it: xm disk check --repair {shell_word(path)}"
    elif facts["unknown_features"]:
        problem = f"it uses features that are not known here (bits {facts['unknown_features']:#x})"
    elif facts["size"] == 0:
        problem, hint = "its size is zero", f"make it larger: xm disk resize {shell_word(path)} 10g"
    else:
        return Header(facts["size"], facts["backing"], facts["backing_format"])
    raise invalid(f"the image '{path}' cannot be used: {problem}", hint)
