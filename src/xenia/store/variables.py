"""What the firmware of a UEFI guest keeps from one boot to the next (`var/lib/xenia/uefi/UUID.fd`): the content of its
flash, which the engine makes at the first start.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Collection

from xenia.lib.files import Files

FOLDER = "var/lib/xenia/uefi"


class UefiVariables:
    """Packed, they are a word that can be written down; "" are those of a guest that has none."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def packed(self, uuid: str) -> str:
        """Those of a domain, which may run. Raises OSError."""
        content = await self._files.read(_place(uuid))
        return "" if content is None else base64.b64encode(zlib.compress(content)).decode()

    async def put(self, uuid: str, packed: str) -> None:
        """Give a domain that does not run these. Raises OSError, and then it has what it had."""
        if packed:
            await self._files.write(_place(uuid), zlib.decompress(base64.b64decode(packed)), durable=True)
        else:
            await self._files.remove(_place(uuid))

    async def sweep(self, known: Collection[str]) -> None:
        """Remove those of guests that were never promised to anybody: `known` are the UUIDs of all others. Called once,
        when nothing is being started.
        """
        for name in await self._files.list(FOLDER):
            if name.removesuffix(".fd") not in known:
                await self._files.remove(f"{FOLDER}/{name}")


def _place(uuid: str) -> str:
    return f"{FOLDER}/{uuid}.fd"
