"""The new image of a disk that moves while its guest runs: hidden until both are the same."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from xenia.model.disk import Disk
from xenia.model.image import ImageFormat
from xenia.storage.images.create import fill_in
from xenia.storage.lock import lock
from xenia.storage.new_file import HiddenFile, exists_already
from xenia.storage.open import ImageLayer, OpenedDisk
from xenia.storage.paths import Place


class NewPlace:
    """A file that is to be `name` in `folder`; a context manager that closes it. It goes on to be locked as long as
    somebody has its descriptor. Raises OSError.
    """

    def __init__(self, folder: Place, name: str) -> None:
        self._file = HiddenFile(folder.descriptor)
        self._path = Path(folder.real, name)
        self.hidden = str(Path(folder.real, self._file.name))
        """Its path until `keep`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    async def fill_in(self, disk: Disk, size: int) -> OpenedDisk:
        """Make it an empty image of `size` bytes, the one of `disk`, and lock it. Raises as images.create."""
        descriptor = self._file.descriptor
        await fill_in(descriptor, size, ImageFormat(disk.format.value))
        lock(descriptor, write=True, path=disk.path)
        return OpenedDisk(disk, (ImageLayer(disk.path, disk.format, descriptor, writable=True, size=size),))

    def keep(self) -> None:
        """Give it its name, durably. Raises a conflict where there is such a file by now, OSError."""
        os.fsync(self._file.descriptor)
        try:
            self._file.keep(self._path.name)
        except FileExistsError as error:
            raise exists_already(self._path) from error
