"""Planning what a folder of guest files would change on this host. Nothing is changed by it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from xenia.lib.codec import to_plain
from xenia.lib.text import decode
from xenia.manager.check.checker import Checker
from xenia.manager.differences import differences
from xenia.manager.guest_files import GuestFiles
from xenia.manager.jobs import from_system
from xenia.model.caller import Caller
from xenia.model.check import CheckRequest
from xenia.model.complaint import Complaint, Severity
from xenia.model.domain import DomainConfig
from xenia.model.errors import XeniaError, invalid, not_found
from xenia.model.folder_plan import FolderPlan, Outcome, Row, Write
from xenia.model.live import Difference, When
from xenia.store.folder import GuestFolder, etag_of

MOST_FILES = 10_000
"""Files of one folder that are planned with."""

_READABLE = 0o644
"""The permissions of a file in DIR that its copy keeps: never that others than its owner may write."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan, and what is to be written for it."""

    plan: FolderPlan
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True)
class Planner:
    guest_files: GuestFiles
    checker: Checker

    async def plan(self, folder: str, caller: Caller, *, remove: bool) -> Planned:
        """What applying the absolute path `folder`, or "" for the folder of guest files itself, would do. With `remove`
        files that `folder` does not have are removed.

        Raises not_found where there is no such folder.
        """
        await self.guest_files.definitions.refresh()
        here = self._here()
        found: list[tuple[Row, Write | None]] = []
        if folder:
            source = _source(folder, self.guest_files.folder)
            names = source.names()[:MOST_FILES]
            found += [await self._of_source(source, name, here.get(name), caller) for name in names]
            found += [self._missing(row, folder, remove=remove) for name, row in here.items() if name not in set(names)]
        else:
            found += [(row, None) for row in (*here.values(), *self._gone())]
        rows = [row for row, _ in found]
        writes = [write for _, write in found if write is not None]
        plan = FolderPlan(folder, "", tuple(sorted(rows, key=lambda row: row.file)))
        return Planned(FolderPlan(folder, self._digest(plan, writes), plan.rows), tuple(writes))

    async def _of_source(
        self, source: GuestFolder, name: str, here: Row | None, caller: Caller
    ) -> tuple[Row, Write | None]:
        """A file of the folder that is planned with; `here` is the row of the file that there is of this name."""
        try:
            new = source.read(name)
            old = self.guest_files.folder.read_if_there(name)
        except (OSError, XeniaError) as error:
            why = error.strerror if isinstance(error, OSError) else error.message
            complaint = Complaint(Severity.ERROR, f"it cannot be read: {why}", source.path(name))
            return Row(name, "", Outcome.REFUSED, written=True, complaints=(complaint,)), None
        if new == old and here is not None:
            return here, None
        checked = await self.checker.check(CheckRequest(decode(new), source.path(name), host=False), caller)
        said = tuple(each for each in checked.complaints if each.severity is not Severity.NOTE)
        config = checked.reading.config
        if config is None or any(each.severity is Severity.ERROR for each in said):
            domain = config.name if config is not None else ""
            return Row(name, domain, Outcome.REFUSED, written=True, complaints=said), None
        write = Write(name, old, new, source.mode(name) & _READABLE | 0o600)
        return self._change(name, config, created=old is None, complaints=said), write

    def _change(self, name: str, config: DomainConfig, *, created: bool, complaints: tuple[Complaint, ...]) -> Row:
        """The row of a file that gets another content."""
        found, runs = self._differences(name, config)
        if created:
            note = "" if runs else f"it is defined, and not started: xm create {config.name}"
            outcome = _outcome(found) if runs else Outcome.CREATED
        else:
            note = "" if found else "it means the same"
            outcome = Outcome.CHANGED_NOW if not found else _outcome(found) if runs else Outcome.CHANGED_LATER
        return Row(name, config.name, outcome, True, note, found, complaints)

    def _differences(self, name: str, config: DomainConfig) -> tuple[tuple[Difference, ...], bool]:
        """Against the domain that runs, or else against what the file defines now; and whether it runs."""
        started = self.guest_files.running(config.name)
        if started is not None:
            return differences(config, started.config), True
        now = self._defined(name)
        if now is None:
            return (), False
        found = differences(config, now)
        return tuple(Difference(each.key, each.wanted, each.running, When.NEXT_START) for each in found), False

    def _defined(self, name: str) -> DomainConfig | None:
        path = self.guest_files.folder.path(name)
        return next((config for config, file in self.guest_files.definitions.files() if file == path), None)

    def _missing(self, here: Row, folder: str, *, remove: bool) -> tuple[Row, Write | None]:
        """A file of /etc/xen that the folder does not have."""
        if not remove:
            note = f"not in {folder}; --remove would remove it"
            return Row(here.file, here.domain, Outcome.UNTOUCHED, note=note), None
        note = "its domain runs on until it ends" if self.guest_files.running(here.domain) is not None else ""
        content = self.guest_files.folder.read_if_there(here.file)
        return Row(here.file, here.domain, Outcome.REMOVED, True, note), Write(here.file, content, None)

    def _here(self) -> dict[str, Row]:
        """The files of /etc/xen against what runs, by name."""
        rows = {}
        for file in self.guest_files.definitions.guest_files():
            name = Path(file.file).name
            if file.config is None:
                rows[name] = Row(name, "", Outcome.REFUSED, complaints=file.errors)
                continue
            started = self.guest_files.running(file.config.name)
            if started is None or self.guest_files.defined(started) is not file.config:
                rows[name] = Row(name, file.config.name, Outcome.UNTOUCHED)
                continue
            found = differences(file.config, started.config)
            outcome = _outcome(found) if found else Outcome.UNTOUCHED
            rows[name] = Row(name, file.config.name, outcome, differences=found)
        return rows

    def _gone(self) -> list[Row]:
        """What runs from a file of /etc/xen that is there no more."""
        folder, names = self.guest_files.folder.folder, set(self.guest_files.folder.names())
        gone = []
        for entry in self.guest_files.table:
            file = Path(entry.started.definition.file)
            if file.parent == folder and file.name not in names:
                domain = entry.started.config.name
                gone.append(Row(file.name, domain, Outcome.REMOVED, note="its domain runs on until it ends"))
        return gone

    def _digest(self, plan: FolderPlan, writes: list[Write]) -> str:
        contents = [[etag_of(each.before or b""), etag_of(each.after or b"")] for each in writes]
        plain = json.dumps([to_plain(plan), contents]).encode()
        return hashlib.blake2b(plain, digest_size=16).hexdigest()


def _outcome(found: tuple[Difference, ...]) -> Outcome:
    later = any(each.when is When.NEXT_START for each in found)
    return Outcome.CHANGED_LATER if later else Outcome.CHANGED_NOW


def _source(folder: str, target: GuestFolder) -> GuestFolder:
    path = Path(folder)
    try:
        if not path.is_dir():
            raise not_found(f"there is no folder {folder}", "name a folder of *.cfg files, or none for /etc/xen itself")
        if path.samefile(target.folder):
            raise invalid(f"{folder} is the folder of guest files itself", "leave it out: xm plan")
    except OSError as error:
        raise from_system(error) from error
    return GuestFolder(path)
