"""save and restore, as jobs that tell how far they are and can be cancelled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xenia.lib.codec import to_plain
from xenia.manager.jobs import Jobs
from xenia.manager.saves import Saves
from xenia.manager.table import Entry
from xenia.manager.turns import Turns
from xenia.model.caller import Caller
from xenia.model.host import EngineReport
from xenia.model.job import Job
from xenia.model.operations import HOST_OPERATIONS, OPERATIONS, permit_on_host, require
from xenia.model.save import Afterwards, RestoreRequest, SaveInfo, SaveRequest


@dataclass(frozen=True, slots=True)
class Saving:
    saves: Saves
    turns: Turns
    jobs: Jobs
    report: Callable[[], EngineReport]

    def save(self, ref: str, request: SaveRequest, caller: Caller) -> Job:
        """What `Saves.save` or, where the domain is to run on, `Saves.copy` does; its result has `file`, and of one
        that ran on `stood_still` (a StoodStill). Raises as `Turns.start`.
        """

        async def verb(entry: Entry) -> dict[str, Any]:
            def tell(done: float) -> None:
                self.jobs.progress(job.id, done)

            def commit() -> None:
                self.jobs.commit(job.id)

            if request.then is Afterwards.RUN:
                stood = await self.saves.copy(entry, Path(request.file), tell, commit)
                return {"file": request.file, "stood_still": None if stood is None else to_plain(stood)}
            await self.saves.save(entry, request, tell, commit)
            return {"file": request.file}

        job = self.turns.start("save", ref, caller, verb, cancellable=True)
        return job

    def restore(self, request: RestoreRequest, caller: Caller) -> Job:
        """What `Saves.restore` does; its result has `domain`, `uuid` and `domid`. Raises denied, unavailable, and
        invalid where the engine restores nothing.
        """
        permit_on_host(HOST_OPERATIONS["restore"], caller.role, self.report())

        async def work() -> dict[str, Any]:
            entry = await self.saves.restore(request, lambda done: self.jobs.progress(job.id, done))
            started = entry.started
            return {"domain": started.config.name, "uuid": started.uuid, "domid": started.domid}

        job = self.jobs.start("restore", Path(request.file).name, caller, work)
        return job

    async def look(self, file: str, caller: Caller) -> SaveInfo:
        """What a save says of itself, all of it checked. Raises denied, and as `Saves.look`."""
        require(caller.role, OPERATIONS["save"])
        return await self.saves.look(file, lambda _: None)
