"""Starting a domain by its name, from the guest file that xend reads itself: for who is not on this host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xenia.lib.text import decode
from xenia.manager.creation import Creation
from xenia.manager.definitions import Definitions
from xenia.manager.inventory import Inventory
from xenia.manager.jobs import Jobs
from xenia.manager.start_file import to_start
from xenia.model.caller import Caller
from xenia.model.complaint import Complaint
from xenia.model.domain import Started
from xenia.model.errors import GuestFileError, invalid
from xenia.model.host import EngineReport
from xenia.model.job import Job
from xenia.model.operations import OPERATIONS, require, require_usable
from xenia.model.request import CreateRequest


@dataclass(frozen=True, slots=True)
class Starting:
    inventory: Inventory
    definitions: Definitions
    creation: Creation
    jobs: Jobs
    report: Callable[[], EngineReport]

    async def file_of(self, ref: str, caller: Caller) -> tuple[str, str]:
        """The name of the domain that `ref` names, and the guest file that it is to be started from. Raises as `find`,
        what `to_start` raises, and denied.
        """
        require(caller.role, OPERATIONS["create"])
        await self.definitions.refresh()
        return to_start(ref, self.inventory, self.creation.lifecycle.records, self.definitions)

    async def start(self, ref: str, caller: Caller, *, paused: bool) -> Job:
        """Start it from that file, as a job; the result is that of `Manager.create`. Others than administrators are
        told no line of the file. Raises as `file_of`, unavailable when the engine cannot run anything, invalid for a
        file outside the folder of guest files.
        """
        name, file = await self.file_of(ref, caller)
        require_usable(self.report())
        folder = self.definitions.folder
        if Path(file) != Path(folder.path(Path(file).name)):
            raise invalid(
                f"domain '{name}' was started from {file}, which is not in {folder.folder}",
                f"on the host itself: xm start {name}",
            )
        request = CreateRequest(decode(folder.read(Path(file).name)), file, (), paused, name)
        shown = _same if caller.administers_host else _without_text

        async def work() -> dict[str, Any]:
            try:
                entry, complaints = await self.creation.create(request, caller)
            except GuestFileError as error:
                raise GuestFileError(
                    error.message, tuple(shown(error.complaints)), kind=error.kind, hint=error.hint
                ) from error
            return created(entry.started, shown(complaints))

        return self.jobs.start("create", name, caller, work)


def created(started: Started, complaints: Sequence[Complaint]) -> dict[str, Any]:
    """The result of a start: `{"domain": NAME, "uuid": UUID, "domid": ID, "complaints": [Complaint], "window": W}`,
    where W is None for a guest file that asks for none, else `{"display": X, "authority": X}`: the X display and
    authority that it names, or None.
    """
    display = started.config.display
    window = {"display": display.x_display, "authority": display.x_authority} if display.wants_window else None
    return {
        "domain": started.config.name,
        "uuid": started.uuid,
        "domid": started.domid,
        "complaints": [each.to_json() for each in complaints],
        "window": window,
    }


def _same(complaints: Sequence[Complaint]) -> Sequence[Complaint]:
    return complaints


def _without_text(complaints: Sequence[Complaint]) -> Sequence[Complaint]:
    return [replace(each, text="") for each in complaints]
