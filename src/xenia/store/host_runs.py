"""The last start or stop of all domains with the host (`var/lib/xenia/host-run.json`).

It outlives the boot of the host: what a stop has ended is what the next start brings back.
"""

from __future__ import annotations

import json
import logging

from xenia.lib.codec import from_plain, to_plain
from xenia.lib.files import Files
from xenia.model.host_run import HostRow, HostRun

log = logging.getLogger(__name__)

_PLACE = "var/lib/xenia/host-run.json"


class HostRuns:
    """`boot` names the current boot of the host; `last` is in memory after `load`."""

    def __init__(self, files: Files, boot: str) -> None:
        self._files = files
        self.boot = boot
        self.last: HostRun | None = None

    async def load(self) -> None:
        """One that cannot be read is none."""
        content = await self._files.read(_PLACE)
        if content is None:
            return
        try:
            self.last = from_plain(HostRun, json.loads(content))
        except ValueError as error:
            log.error("%s cannot be read: %s", _PLACE, error)

    async def put(self, run: HostRun, *, durable: bool = False) -> None:
        """What cannot be written is remembered all the same: a host goes up and down with a full disk, too."""
        self.last = run
        try:
            await self._files.write(_PLACE, json.dumps(to_plain(run)).encode(), durable=durable)
        except OSError as error:
            log.error("%s cannot be written: %s", _PLACE, error)

    async def put_row(self, row: HostRow) -> None:
        """The row of a domain, as it is now, in the last run."""
        if self.last is not None:
            await self.put(self.last.with_row(row))
