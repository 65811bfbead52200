"""What the last apply has written, so that it can be taken back (`var/lib/xenia/applied.json`)."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from xenia.lib.files import Files
from xenia.model.folder_plan import Write

log = logging.getLogger(__name__)

_PLACE = "var/lib/xenia/applied.json"


@dataclass(frozen=True, slots=True)
class Applied:
    """`what` says it in words. `done` is False from before the first file is written until after the last one."""

    what: str
    done: bool
    writes: tuple[Write, ...]


class Journal:
    def __init__(self, files: Files) -> None:
        self._files = files

    async def read(self) -> Applied | None:
        """The last apply, if there was one. One that cannot be read is none."""
        content = await self._files.read(_PLACE)
        if content is None:
            return None
        try:
            plain = json.loads(content)
            writes = [
                Write(each["file"], _bytes(each["before"]), _bytes(each["after"]), each["mode"])
                for each in plain["writes"]
            ]
            return Applied(plain["what"], plain["done"], tuple(writes))
        except (ValueError, KeyError, TypeError) as error:
            log.error("%s cannot be read: %s", _PLACE, error)
            return None

    async def write(self, what: str, writes: Sequence[Write], *, done: bool) -> None:
        """Durably. Raises OSError."""
        plain = [
            {"file": each.file, "before": _text(each.before), "after": _text(each.after), "mode": each.mode}
            for each in writes
        ]
        content = json.dumps({"what": what, "done": done, "writes": plain}).encode()
        await self._files.write(_PLACE, content, durable=True)

    async def forget(self) -> None:
        await self._files.remove(_PLACE)


def _text(content: bytes | None) -> str | None:
    """Latin-1 has a letter for every byte."""
    return None if content is None else content.decode("latin-1")


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode("latin-1")
