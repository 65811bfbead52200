"""What domains and the host use, looked at at a fixed pace and kept."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from xenia.lib.aio import Tasks
from xenia.manager.usage import UsageKeeper
from xenia.manager.usage_rates import Look, usage_of_host, usages
from xenia.model.errors import XeniaError
from xenia.store.usage import HOST
from xenia.store.usage_series import PACE

log = logging.getLogger(__name__)

_TURNS = 90
"""Looks in which all is written once: a quarter of an hour. A little of it is written after each."""


class UsageSampler:
    """`start` once; `close` keeps what there is."""

    def __init__(self, keeper: UsageKeeper) -> None:
        self._keeper = keeper
        self._store = keeper.store
        self._tasks = Tasks()
        self._before: Look | None = None
        self._turn = 0
        self._strangers: frozenset[str] = frozenset()
        """Whom no domain was called by when it was last looked."""
        self._failing = False

    def start(self) -> None:
        self._tasks.start(self._run(), name="history of what domains use")

    async def close(self) -> None:
        await self._tasks.close()
        await self._save(self._store.in_memory)

    async def _run(self) -> None:
        while True:
            await self._keeper.sleep(PACE - self._keeper.clock() % PACE)
            try:
                await self.look()
            except XeniaError as error:
                log.debug("what domains use is not known now: %s", error)
            except OSError as error:
                log.error("what domains have used is not in order: %s", error)

    async def look(self) -> None:
        """Look once, and keep what was used since the last look. Raises XeniaError where the engine does not answer,
        and what `sweep` raises.
        """
        counted = await self._keeper.stats.all()
        host = await self._keeper.host()
        look, before = Look(counted.at, {each[0].uuid: each for each in counted.domains}), self._before
        self._before = look
        used = usages(look, before)
        number = round(self._keeper.clock() / PACE) - 1  # what has just ended
        for uuid, usage in used.items():
            await self._store.put(uuid, number, usage)
        whole = usage_of_host(used, look, before, host, self._keeper.engine_report().accelerator)
        await self._store.put(HOST, number, whole)
        await self._write(used.keys() | {HOST})

    async def _write(self, present: Iterable[str]) -> None:
        present = frozenset(present)
        in_memory = self._store.in_memory
        gone = [key for key in in_memory if key not in present]
        await self._save([*gone, *in_memory[self._turn :: _TURNS]])
        if not self._failing:
            self._store.let_go(gone)
        self._turn = (self._turn + 1) % _TURNS
        if self._turn == 0:
            await self.sweep()

    async def _save(self, keys: Iterable[str]) -> None:
        try:
            await self._store.save(keys)
            self._failing = False
        except OSError as error:
            if not self._failing:
                log.error("what domains have used cannot be written: %s", error)
            self._failing = True

    async def sweep(self) -> None:
        """Forget domains that there were neither now nor at the last sweep: an editor may have their guest files in
        hand. As long as a guest file cannot be read, nobody knows whose it is. Raises OSError.
        """
        written = await self._store.written()
        domains = self._keeper.inventory.all(everything=True)
        known = {HOST, *map(self._keeper.uuid_of, domains)}
        strangers = written - known if not any(each.problem for each in domains) else frozenset()
        for key in strangers & self._strangers:
            await self._store.forget(key)
        self._strangers = strangers
