"""The use cases on this host, in one place for the doors (API) to call."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from xenia.engines.base import ConsoleKind
from xenia.model.caller import Caller
from xenia.model.domain import Domain, DomainConfig, Started
from xenia.model.event import Event
from xenia.model.host import EngineReport, Host
from xenia.model.job import Job
from xenia.model.request import CreateRequest, Plan


class Manager:
    """Made by daemon.compose; `start` before anything else, `close` at the end (guests run on)."""

    async def start(self) -> None:
        """Probe the engine and find again what runs."""

    async def close(self) -> None:
        """Let go of the guests and end the background tasks."""

    def host(self) -> Host: ...

    def engine_report(self) -> EngineReport: ...

    async def list(self, *, everything: bool = False) -> tuple[Domain, ...]:
        """Domain-0 and what runs, by domain id; with `everything` also what is only defined, by name after those."""

    def find(self, ref: str) -> Domain:
        """The domain that `ref` names: id, name, UUID, or a unique prefix of name or UUID.

        Raises not_found (with the nearest names) or invalid (with the candidates of an ambiguous prefix).
        """

    def started(self, ref: str) -> Started | None:
        """The as-started configuration; None for a domain that only is defined and for Domain-0."""

    async def plan(self, request: CreateRequest, caller: Caller) -> Plan:
        """What `create` would do, without doing it. Raises GuestFileError where the file has no meaning."""

    def create(self, request: CreateRequest, caller: Caller) -> Job:
        """Start a domain from a guest file, as a job whose result is `{"domain": NAME, "uuid": ..., "domid": ..., "complaints": [...]}`."""

    def operate(self, operation: str, ref: str, caller: Caller, *, until_gone: bool = False) -> Job:
        """shutdown, reboot, destroy, pause or unpause, as a job. With `until_gone` the job ends when the guest has (shutdown), or has started over (reboot).

        Raises at once what can be said at once: not_found, a wrong state, a missing role.
        """

    def jobs(self) -> tuple[Job, ...]: ...

    def job(self, number: int) -> Job:
        """Raises not_found."""

    async def wait(self, number: int, seconds: float) -> Job:
        """The job as it is when it has ended or `seconds` are over, whichever is first."""

    def events(self) -> AsyncIterator[Event]:
        """What happens from now on. A reader that falls too far behind is ended, never fed with gaps."""

    def consoles(self, ref: str) -> Mapping[ConsoleKind, Path]:
        """The stream sockets of a running domain's text consoles."""
