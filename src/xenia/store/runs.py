"""Run state: the as-started configuration of each domain that runs (`run/xenia/domains/UUID/started.json`).

It lives as long as the host does: after a reboot of the host nothing runs, so what an earlier boot left is dropped.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from xenia.lib.codec import from_plain, to_plain
from xenia.lib.files import Files
from xenia.model.domain import Started

log = logging.getLogger(__name__)

_FOLDER = "run/xenia/domains"
_BOOT = "run/xenia/boot-id"
_NEXT_DOMID = "run/xenia/next-domid"


def boot_id() -> str:
    """The kernel's name for this boot of the host (random(4), /proc/sys/kernel/random/boot_id)."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


class Runs:
    """`boot` names the current boot of the host."""

    def __init__(self, files: Files, boot: str) -> None:
        self._files = files
        self._boot = boot
        self._next_domid = 1

    async def load(self) -> list[Started]:
        """What is written down to run, by domain id. Leftovers without a configuration are removed. Called once,
        first.
        """
        written_at = await self._files.read(_BOOT)
        if written_at is not None and written_at.decode() != self._boot:
            await self._files.remove(_FOLDER)
            await self._files.remove(_NEXT_DOMID)
        try:
            await self._files.write(_BOOT, self._boot.encode(), durable=False)
        except OSError as error:
            log.error("%s cannot be written: %s", _BOOT, error)
        found = []
        for uuid in await self._files.list(_FOLDER):
            content = await self._files.read(f"{_FOLDER}/{uuid}/started.json")
            if content is None:
                await self._files.remove(f"{_FOLDER}/{uuid}")
                continue
            try:
                found.append(from_plain(Started, json.loads(content)))
            except ValueError as error:
                log.error("run state %s/%s/started.json cannot be read: %s", _FOLDER, uuid, error)
        await self._load_next_domid(found)
        return sorted(found, key=lambda started: started.domid)

    async def _load_next_domid(self, found: list[Started]) -> None:
        content = await self._files.read(_NEXT_DOMID)
        counted = int(content) if content is not None and content.isdigit() else 1
        self._next_domid = max([counted, *(started.domid + 1 for started in found)])

    async def new_domid(self) -> int:
        """A domain id that no domain had since the host came up."""
        domid = self._next_domid
        self._next_domid += 1
        try:
            await self._files.write(_NEXT_DOMID, str(self._next_domid).encode(), durable=False)
        except OSError as error:
            log.error("%s cannot be written: %s", _NEXT_DOMID, error)
        return domid

    async def save(self, started: Started) -> None:
        """Raises OSError, and then what was written before still holds."""
        content = json.dumps(to_plain(started)).encode()
        await self._files.write(f"{_FOLDER}/{started.uuid}/started.json", content, durable=False)

    async def remove(self, uuid: str) -> None:
        """The configuration first: a folder without one is a leftover, whatever else is still in it."""
        await self._files.remove(f"{_FOLDER}/{uuid}/started.json")
        await self._files.remove(f"{_FOLDER}/{uuid}")
