"""Taking over a domain that somebody else has started."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol, cast

from xenia.guestfile.write import write
from xenia.lib.files import Files
from xenia.lib.text import decode
from xenia.manager.definitions import ReadGuestFile
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.table import Entry
from xenia.model.domain import Definition, DomainConfig, DomainRecord, Started
from xenia.model.errors import XeniaError, conflict, invalid
from xenia.model.event import EventKind

_HEADING = "The domain {name} as it ran when xend adopted it. Look it over: what was unusual about it may be missing."


class Adopts(Protocol):
    """An engine with the capability ADOPT."""

    async def adopt(self, uuid: str) -> None:
        """From now on nobody but xend acts on the end of the domain. Raises engine_failed. May be asked again."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """`folder` is etc/xen below the root of `files`, an absolute path."""

    lifecycle: Lifecycle
    read: ReadGuestFile
    files: Files
    folder: Path

    async def adopt(self, entry: Entry) -> dict[str, Any]:
        """Write a guest file from what runs, or take the one that is there already, and keep the domain from now on.

        Under the lock of the domain's name. The result has `file`, and in `differs` the parts of the file that are not
        as the domain runs. Raises a conflict for a domain that is xend's own already, or when a file of that name
        defines another one.
        """
        started = entry.started
        if not started.foreign:
            raise conflict(f"domain '{started.config.name}' is xend's own already", "xm list shows it")
        file = self.folder / f"{started.config.name}.cfg"
        meant = await self._written(started, file)
        definition = Definition(os.fspath(file))
        engine = self.lifecycle.engine
        board = f"{started.config.kind}/{started.config.boot.firmware}"
        abi = engine.abi_of(started.config) | {"board": board}
        await self.lifecycle.records.save(
            DomainRecord(started.uuid, started.config.name, definition, started.macs, {engine.name: abi})
        )
        await self.lifecycle.note(entry, foreign=False, definition=definition, abi=abi)
        await cast(Adopts, engine).adopt(started.uuid)
        await self.lifecycle.guard(entry)
        self.lifecycle.bus.publish(EventKind.FOUND, entry.started, "adopted")
        return {"file": os.fspath(file), "differs": _differences(started.config, meant)}

    async def _written(self, started: Started, file: Path) -> DomainConfig:
        """What the guest file means, which is written where there is none."""
        name = started.config.name
        content = await self.files.read(f"etc/xen/{file.name}")
        if content is not None:
            text = decode(content)
        else:
            text = write(replace(started.config, uuid=started.uuid), heading=_HEADING.format(name=name))
        meant = (await self.read(text, os.fspath(file), ())).config
        if meant is None or meant.name != name:
            raise _useless(file, meant, name, there=content is not None)
        if content is None:
            await self.files.write(f"etc/xen/{file.name}", text.encode(), durable=True)
        return meant


def _useless(file: Path, meant: DomainConfig | None, name: str, *, there: bool) -> XeniaError:
    if not there:
        return invalid(f"domain '{name}' is such that no guest file can say it", "write one by hand, and adopt it then")
    what = f"defines '{meant.name}'" if meant is not None else "cannot be read"
    return conflict(f"{file} is there already and {what}, not the domain '{name}'", f"move it: mv {file} {file}.old")


def _differences(runs: DomainConfig, meant: DomainConfig) -> list[str]:
    """The members in which the file means something else than what runs; the UUID may be left out of a file."""
    members = (field.name for field in fields(DomainConfig) if field.name not in ("uuid", "other"))
    return [member for member in members if getattr(runs, member) != getattr(meant, member)]
