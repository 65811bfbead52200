"""Core dumps: the memory of a domain in a file."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, cast

from xenia.engines.base import DumpsCores
from xenia.lib.steps import step
from xenia.manager.jobs import from_system
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.table import Entry
from xenia.model.dump import After, DumpRequest
from xenia.model.errors import XeniaError, conflict
from xenia.model.event import EventKind
from xenia.model.host import Capability

log = logging.getLogger(__name__)

_MIB = 1 << 20
_STOOD_STILL = "the guest stood still meanwhile: the engine {engine} can dump no core of a guest that runs on"


class MakesCoreFiles(Protocol):
    """The seam to the files: storage.core_file."""

    def open(self, path: Path, size: int) -> AbstractContextManager[int]:
        """A descriptor for `size` bytes, that becomes `path` when the context ends well, and vanishes otherwise."""

    def make_folder(self, path: Path) -> None:
        """So that a core can be kept in it. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Dumps:
    """Callers hold the lock of the domain's name. `folder` is where a core goes that nobody has named a file for."""

    lifecycle: Lifecycle
    files: MakesCoreFiles
    folder: Path

    async def dump(self, entry: Entry, request: DumpRequest, tell: Callable[[float], None]) -> dict[str, Any]:
        """What dump-core does. Its result is `{"file": PATH, "notes": [TEXT]}`; `tell` is told how far it is.

        Raises a conflict for a file that is there, unavailable where it does not fit or cannot be made, what
        DumpsCores.dump_core raises, and what destroying or starting over raises when the core is there already.
        """
        if entry.started.kept_of and request.then is After.RESET:
            raise conflict(
                f"domain '{entry.started.config.name}' has let go of its disks, and cannot start over",
                "its domain was started over already: xm list",
            )
        path = Path(request.file) if request.file else self._own_path(entry)
        live = request.live and Capability.LIVE_CORE_DUMP in self.lifecycle.engine.capabilities
        await self._write(entry, path, live=live, tell=tell)
        if request.then is After.DESTROY:
            await self.lifecycle.end(entry, EventKind.ENDED, "destroyed when its core was dumped")
        elif request.then is After.RESET:
            await self.lifecycle.start_over(entry, "started over when its core was dumped")
        notes = [_STOOD_STILL.format(engine=self.lifecycle.engine.name)] if request.live and not live else []
        return {"file": os.fspath(path), "notes": notes}

    async def keep(self, entry: Entry) -> str:
        """Dump the core of a guest that has crashed; where it is, or why there is none."""
        try:
            path = self._own_path(entry)
            await self._write(entry, path, live=False, tell=lambda _: None)
        except (XeniaError, OSError) as error:
            said = error.message if isinstance(error, XeniaError) else from_system(error).message
            log.error("the core of domain %s cannot be dumped: %s", entry.started.config.name, said)
            return f"its core could not be dumped: {said}"
        return f"its core is in {path}"

    async def _write(self, entry: Entry, path: Path, *, live: bool, tell: Callable[[float], None]) -> None:
        config = entry.started.config
        step(f"writes its memory to {path}")
        with self.files.open(path, max(config.memory, config.max_memory or 0) * _MIB) as core:
            await cast(DumpsCores, self.lifecycle.engine).dump_core(entry.started.uuid, core, live=live, tell=tell)
        self.lifecycle.bus.publish(EventKind.CORE_DUMPED, entry.started, os.fspath(path))

    def _own_path(self, entry: Entry) -> Path:
        """As xm called it, in its folder."""
        self.files.make_folder(self.folder)
        started = entry.started
        at = datetime.fromtimestamp(self.lifecycle.clock(), UTC).astimezone().strftime("%Y-%m%d-%H%M.%S")
        name = started.config.name.replace("/", "_")
        return self.folder / f"{name}-{at}.{started.domid}.core"
