"""Finding and opening a guest file with the rights of whoever runs xm."""

from __future__ import annotations

import os
from pathlib import Path

from xenia.client.errors import ClientError, not_found
from xenia.lib.text import decode

MAX_SIZE = 128 << 10
"""Bytes. xend takes no more (guestfile.text.LIMIT)."""


class GuestFile:
    """The `text` of a guest file and its absolute path."""

    __slots__ = ("path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text


def open_guest_file(name: str, folders: list[str]) -> GuestFile:
    """The guest file `name`: a path, or the name of one in `folders` with or without `.cfg`.

    Raises ClientError: not_found with the places that were looked at, denied, or invalid for what can be no guest file.
    """
    path = os.path.normpath(_find(name, folders).absolute())
    try:
        path.encode()
    except UnicodeEncodeError:
        raise ClientError(f"the path {path} is not in UTF-8", hint="rename the file or its folder") from None
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_SIZE + 1)
    except PermissionError:
        raise ClientError(f"cannot read {path}: permission denied", kind="denied", hint=f"ls -l {path}") from None
    except OSError as error:
        raise ClientError(f"cannot read {path}: {error.strerror}") from None
    if len(content) > MAX_SIZE:
        raise ClientError(
            f"{path} is longer than {MAX_SIZE >> 10} KiB, so it is no guest file",
            hint="a disk image is named in it: disk = [...]",
        )
    return GuestFile(path, decode(content))


def _find(name: str, folders: list[str]) -> Path:
    places = [Path(folder, name + ending) for folder in dict.fromkeys(folders) for ending in ("", ".cfg")]
    if Path(name).is_absolute():
        places = [Path(name), Path(f"{name}.cfg")]
    for place in places:
        if place.exists() and not place.is_dir():
            return place
    if Path(name).is_dir():
        raise ClientError(f"{name} is a folder, not a guest file", hint=f"ls {name}")
    looked = ", ".join(str(place) for place in places)
    raise not_found(f"there is no guest file '{name}' (looked for {looked})", _near(name, folders))


def _near(name: str, folders: list[str]) -> str:
    from difflib import get_close_matches

    there = {entry for folder in folders for entry in _names(folder) if entry.endswith(".cfg")}
    wanted = Path(name).name.removesuffix(".cfg")
    near = get_close_matches(wanted, [entry.removesuffix(".cfg") for entry in sorted(there)], n=3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return "xm list --all shows what is defined; xm help create explains how a file is found"


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
