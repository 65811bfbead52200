"""The folder that a new image is to lie in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from xenia.lib.text import printable
from xenia.model.errors import denied, invalid
from xenia.storage.new_file import exists_already
from xenia.storage.paths import Place, Roots, find

_MODE = 0o711


@contextmanager
def folder_for(path: str, roots: Roots) -> Iterator[tuple[Place, str]]:
    """The folder of a new file `path`, made where it is not there, and the name that the file is to have in it.

    What was made is removed again when the context fails. Raises invalid for what can be no name, a conflict where such
    a file is there, denied for a place that `roots` do not allow, and what finding and making a folder raise.
    """
    if "\0" in path or ".." in Path(path).parts or not Path(path).name or path.endswith("/"):
        raise invalid(f"'{printable(path)}' cannot be the name of an image", "xm disk create web.img 10g")
    absolute = Path(roots.folder, path)
    if absolute.parts[1:2] == ("dev",) and absolute.parts[2:3] != ("shm",):
        raise invalid(
            f"'{printable(path)}' lies in /dev, where no files are made", "a volume of LVM is named /dev/GROUP/VOLUME"
        )
    there = absolute.parent
    missing: list[str] = []
    while not os.path.lexists(there):
        missing.insert(0, there.name)
        there = there.parent
    made: list[tuple[int, str]] = []
    place = find(str(there), roots)
    try:
        for name in missing:
            place = _step(place, name, made)
        if os.path.lexists(f"/proc/self/fd/{place.descriptor}/{absolute.name}"):
            raise exists_already(printable(str(absolute)))
        yield place, absolute.name
    except BaseException:
        for folder, name in reversed(made):
            with suppress(OSError):
                os.rmdir(name, dir_fd=folder)
        raise
    finally:
        for folder, _ in made:
            os.close(folder)
        os.close(place.descriptor)


def _step(place: Place, name: str, made: list[tuple[int, str]]) -> Place:
    """The new folder `name` in `place`, whose descriptor is kept in `made`."""
    path = str(Path(place.path, name))
    try:
        os.mkdir(name, _MODE, dir_fd=place.descriptor)
        inner = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place.descriptor)
    except PermissionError as error:
        raise denied(f"no folder '{printable(path)}' can be made: {error.strerror}") from error
    except NotADirectoryError as error:
        raise invalid(f"'{printable(place.path)}' is no folder") from error
    made.append((place.descriptor, name))
    return Place(inner, path)
