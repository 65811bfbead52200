"""One guest file, looked over from all sides: its language, its engine, this host, the other domains on it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from xenia.engines.base import Engine
from xenia.manager.check.figures import check_figures
from xenia.manager.check.neighbours import Neighbours
from xenia.manager.definitions import ReadGuestFile
from xenia.manager.prepare import Preparer
from xenia.manager.snapshots.current import CurrentDisks
from xenia.model.caller import Caller, Role
from xenia.model.check import Checked, CheckRequest
from xenia.model.complaint import Complaint, Severity
from xenia.model.domain import DomainConfig
from xenia.model.errors import GuestFileError, XeniaError, not_found
from xenia.model.host import Host
from xenia.model.reading import Reading
from xenia.model.request import CreateRequest, Plan

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checker:
    """`engine` is the one at hand; `engines` are all that can say what a configuration becomes on them, by name."""

    engine: Engine
    engines: Mapping[str, Engine]
    read: ReadGuestFile
    preparer: Preparer
    neighbours: Neighbours
    read_host: Callable[[], Host]
    current: CurrentDisks

    async def check(self, request: CheckRequest, caller: Caller) -> Checked:
        """All there is to say about the file. This host is looked at only for the engine at hand.

        Raises not_found for an engine that there is not.
        """
        engine = self._engine(request.engine)
        reading = await self._reading(request)
        if reading.config is None:
            return Checked(engine.name, reading, reading.complaints)
        meaning = engine.explain(reading.config)
        said = list(meaning.complaints)
        if request.host and engine is self.engine:
            trusted = caller.role >= Role.ADMINISTRATOR
            said += await self._about_host(reading.config, request.file, said, trusted=trusted)
        complaints = [*reading.complaints, *map(reading.place, said)]
        ordered = tuple(sorted(complaints, key=lambda each: (each.line, each.column)))
        return Checked(engine.name, reading, ordered, meaning.rendered, meaning.assumed)

    async def plan(self, request: CreateRequest, caller: Caller) -> Plan:
        """What `create` would do. Raises GuestFileError where the file has no meaning.

        What the host or the engine lacks for it is a warning: the file may be meant for another host.
        """
        checked = await self.check(CheckRequest(request.text, request.file, request.overrides), caller)
        config = meaningful(checked.reading)
        complaints = tuple(_as_warning(complaint) for complaint in checked.complaints)
        return Plan(config, checked.engine, complaints, checked.rendered)

    def _engine(self, name: str) -> Engine:
        if not name:
            return self.engine
        if name not in self.engines:
            raise not_found(f"there is no engine '{name}'", f"there are: {', '.join(self.engines)}")
        return self.engines[name]

    async def _reading(self, request: CheckRequest) -> Reading:
        """A file that cannot be read within bounds is one more complaint."""
        try:
            return await self.read(request.text, request.file, request.overrides)
        except XeniaError as error:
            complaint = Complaint(Severity.ERROR, error.message, request.file, hint=error.hint)
            return Reading(request.file, complaints=(complaint,))

    async def _about_host(
        self, config: DomainConfig, file: str, said: list[Complaint], *, trusted: bool
    ) -> list[Complaint]:
        """What is not there, not enough, or another's. A figure that the engine has refused is not told twice."""
        try:
            found = await self.preparer.look(self.current.of(config, file), file, trusted=trusted)
        except XeniaError as error:
            return [Complaint(Severity.ERROR, error.message, hint=error.hint)]
        complaints = [Complaint(Severity.NOTE, note, key=key) for key, note in found.notes]
        complaints += (
            Complaint(Severity.ERROR, error.message, hint=error.hint, key=error.key) for error in found.errors
        )
        refused = {complaint.key for complaint in said if complaint.severity is Severity.ERROR}
        figures = check_figures(config, await self._host())
        complaints += (complaint for complaint in figures if complaint.key not in refused)
        complaints += await self.neighbours.check(config, file)
        return complaints

    async def _host(self) -> Host:
        host = self.read_host()
        try:
            return await self.engine.refine(host)
        except XeniaError as error:
            log.info("the engine does not tell of the host: %s", error)
            return host


def meaningful(reading: Reading) -> DomainConfig:
    """The configuration. Raises GuestFileError with the complaints where there is none."""
    refuse(reading.complaints)
    if reading.config is None:
        raise GuestFileError(f"{reading.file or 'the guest file'} defines no domain", reading.complaints)
    return reading.config


def refuse(complaints: tuple[Complaint, ...]) -> None:
    """Raises GuestFileError with the first error as its message, when there is one."""
    errors = [complaint for complaint in complaints if complaint.severity is Severity.ERROR]
    if not errors:
        return
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    raise GuestFileError(errors[0].message + more, complaints, hint=errors[0].hint)


def _as_warning(complaint: Complaint) -> Complaint:
    if complaint.severity is not Severity.ERROR:
        return complaint
    return replace(complaint, severity=Severity.WARNING, message=f"create would be refused: {complaint.message}")
