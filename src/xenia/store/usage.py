"""What domains and the host have used, for a month (`var/lib/xenia/usage/UUID`, and `host`)."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from xenia.lib.files import Files
from xenia.model.usage import Usage, UsageHistory
from xenia.store.usage_series import UsageSeries

log = logging.getLogger(__name__)

HOST = "host"
_FOLDER = "var/lib/xenia/usage"


class UsageStore:
    """By the UUID of a domain, or `HOST`. In memory is what has been asked for or put since it was last let go of; what
    cannot be read is thrown away, for nothing depends on it.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._series: dict[str, UsageSeries] = {}

    @property
    def in_memory(self) -> tuple[str, ...]:
        return tuple(self._series)

    async def put(self, key: str, number: int, usage: Usage) -> None:
        """As UsageSeries.put."""
        (await self._of(key)).put(number, usage)

    async def history(self, key: str, hours: int, now: float) -> UsageHistory:
        """As UsageSeries.history; empty for "", and for what nothing is known of."""
        return (await self._of(key) if key else UsageSeries()).history(hours, now)

    async def save(self, keys: Iterable[str]) -> None:
        """Write what has changed of these. Raises OSError, and then it is still in memory."""
        for key in keys:
            series = self._series.get(key)
            if series is not None and series.changed:
                await self._files.write(_place(key), series.packed(), durable=False)
                series.changed = False

    def let_go(self, keys: Iterable[str]) -> None:
        """Forget these, but for what is written."""
        for key in keys:
            self._series.pop(key, None)

    async def written(self) -> frozenset[str]:
        """Of whom something is written."""
        return frozenset(await self._files.list(_FOLDER))

    async def forget(self, key: str) -> None:
        self._series.pop(key, None)
        await self._files.remove(_place(key))

    async def _of(self, key: str) -> UsageSeries:
        if key not in self._series:
            self._series.setdefault(key, await self._read(key))
        return self._series[key]

    async def _read(self, key: str) -> UsageSeries:
        try:
            content = await self._files.read(_place(key))
            return UsageSeries() if content is None else UsageSeries.unpacked(content)
        except (OSError, ValueError) as error:
            log.error("%s cannot be read (%s): the history of what it tells of begins anew", _place(key), error)
            return UsageSeries()


def _place(key: str) -> str:
    return f"{_FOLDER}/{key}"
