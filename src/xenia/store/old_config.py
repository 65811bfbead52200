"""Whether the settings of xend of old were imported (`var/lib/xenia/xend-config.json`)."""

from __future__ import annotations

import json
from enum import StrEnum

from xenia.lib.files import Files

_PLACE = "var/lib/xenia/xend-config.json"


class Mark(StrEnum):
    SAID = "said"
    """Somebody was told that there are some."""
    IMPORTED = "imported"


class OldConfigMark:
    def __init__(self, files: Files) -> None:
        self._files = files

    async def read(self) -> Mark | None:
        """None where nothing was done yet, or what is written cannot be read."""
        try:
            return Mark(json.loads(await self._files.read(_PLACE) or b"null"))
        except (ValueError, OSError):
            return None

    async def write(self, mark: Mark) -> None:
        """Raises OSError."""
        await self._files.write(_PLACE, json.dumps(mark).encode(), durable=True)
