"""What domains there are: Domain-0, what runs, and what guest files define."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from xenia.engines.base import Engine, Figures
from xenia.manager import view
from xenia.manager.definitions import Definitions
from xenia.manager.names import resolve
from xenia.manager.table import Entry, Table
from xenia.model.domain import DOMAIN_0_NAME, DOMAIN_0_UUID, Domain, Started
from xenia.model.errors import XeniaError
from xenia.model.host import Host
from xenia.store.auto import AutoFolder
from xenia.store.records import Records

log = logging.getLogger(__name__)

_DOMAIN_0 = ("0", DOMAIN_0_NAME)


class Inventory:
    """`measure` before what is told is to be true now; else it is as it was when last measured."""

    def __init__(
        self,
        engine: Engine,
        table: Table,
        definitions: Definitions,
        records: Records,
        auto: AutoFolder,
        clock: Callable[[], float],
        read_host: Callable[[], Host],
    ) -> None:
        self._engine = engine
        self._records = records
        self._clock = clock
        self._table = table
        self._definitions = definitions
        self._auto = auto
        self._read_host = read_host
        self._boot_time = 0.0
        self._figures: dict[str, Figures] = {}

    def start(self) -> None:
        self._boot_time = self._read_host().boot_time

    async def measure(self, uuid: str | None = None) -> None:
        """All of them, or one. What cannot be asked now is answered from memory."""
        try:
            measured = await self._engine.figures(uuid)
        except XeniaError as error:
            log.warning("the engine cannot be asked: %s", error)
            return
        if uuid is None:
            self._figures.clear()
        else:
            self._figures.pop(uuid, None)
        self._figures.update(measured)

    async def list(self, *, everything: bool = False) -> tuple[Domain, ...]:
        """Domain-0 and what runs, by domain id; with `everything` also what is only defined, by name after those."""
        if everything:
            await self.refresh()
        await self.measure()
        return tuple(self.all(everything=everything))

    async def refresh(self) -> None:
        """Read the guest files that came or changed."""
        await self._definitions.refresh()

    async def look_up(self, ref: str) -> Domain:
        """As `find`, as it is now; guest files that came or changed since they were last read count as well."""
        entry = self._entry(ref)
        await self.measure(DOMAIN_0_UUID if ref in _DOMAIN_0 else entry.started.uuid if entry is not None else None)
        try:
            return self.find(ref)
        except XeniaError:
            await self._definitions.refresh()
            return self.find(ref)

    async def seen(self, sees: Callable[[Domain], bool]) -> tuple[Domain, ...]:
        """All domains, defined ones too, that `sees` is true of."""
        return tuple(domain for domain in await self.list(everything=True) if sees(domain))

    def tags_for_rights(self, domain: Domain) -> tuple[str, ...]:
        """The tags of `domain` by which rights go: those that only an administrator can give. They stand in its guest
        file in /etc/xen, or an administrator has started it with them.
        """
        entry = self._table.get(domain.uuid)
        trusted = entry is None or entry.started.trusted or self._definitions.defines(domain.name)
        return domain.tags if trusted else ()

    def find(self, ref: str) -> Domain:
        """The domain that `ref` names: id, name, UUID, or a unique prefix of name or UUID.

        Raises not_found (with the nearest names) or invalid (with the candidates of an ambiguous prefix).
        """
        entry = self._entry(ref)
        if ref in _DOMAIN_0 or entry is None:
            return self._domain_0() if ref in _DOMAIN_0 else resolve(ref, self.all(everything=True))
        return self._complete(entry)

    def started(self, ref: str) -> Started | None:
        """The as-started configuration; None for a domain that only is defined and for Domain-0. Raises as `find`."""
        entry = self._entry(ref) or self._table.get(self.find(ref).uuid)
        return entry.started if entry is not None else None

    def _entry(self, ref: str) -> Entry | None:
        """What `ref` is sure to name, found without a picture of all domains: one that exists, by its id, its name or
        its whole UUID.
        """
        if ref.isdecimal() or self._table.by_name(ref) is not None:
            return self._table.by_id(int(ref)) if ref.isdecimal() else self._table.by_name(ref)
        entry = self._table.get(ref)
        is_name = entry is not None and (self._definitions.defines(ref) or self._records.by_name(ref) is not None)
        return None if is_name else entry

    def _complete(self, entry: Entry) -> Domain:
        """As `all` would have it."""
        domain, linked = _tagged(self.domain(entry), self._definitions.tags()), self._auto.files()
        files = tuple(file.file for file in self._definitions.of(domain.name))
        domain = replace(domain, files=files) if files else domain
        return _starting(domain, linked) if linked else domain

    def all(self, *, everything: bool) -> Sequence[Domain]:
        """As `list`, from memory."""
        tags = self._definitions.tags()
        domains: Sequence[Domain] = [self._domain_0(), *(_tagged(self.domain(each), tags) for each in self._table)]
        domains = self._with_defined(domains) if everything else domains
        linked = self._auto.files()
        return [_starting(each, linked) for each in domains] if linked else domains

    def _domain_0(self) -> Domain:
        own = self._figures.get(DOMAIN_0_UUID) or view.figures_of(self._read_host())
        return view.domain_0(own, self._boot_time, self._engine.name)

    def domain(self, entry: Entry) -> Domain:
        uuid = entry.started.uuid
        return view.existing(entry, self._engine.observe(uuid), self._figures.get(uuid), self._clock())

    def _with_defined(self, existing: Sequence[Domain]) -> Sequence[Domain]:
        engine = self._engine.name
        defined = {config.name: (config, files) for config, files in self._definitions.all()}
        domains: list[Domain] = [
            replace(each, files=tuple(file.file for file in defined[each.name][1])) if each.name in defined else each
            for each in existing
        ]
        names = {each.name for each in existing}
        domains += (
            view.defined(*each, engine, self._records.by_name(name))
            for name, each in defined.items()
            if name not in names
        )
        names |= defined.keys()
        domains += (
            view.suspended(record, record.suspended, engine)
            for record in self._records.all()
            if record.suspended is not None and record.name not in names
        )
        names |= {each.name for each in domains}
        broken = (view.broken(file, engine) for file in self._definitions.broken())
        return [*domains, *(each for each in broken if each.name not in names)]


def _tagged(domain: Domain, tags: Mapping[str, tuple[str, ...]]) -> Domain:
    """With the tags of its guest file, where it has one."""
    said = tags.get(domain.name, domain.tags)
    return domain if said == domain.tags else replace(domain, tags=said)


def _starting(domain: Domain, linked: AbstractSet[str]) -> Domain:
    """As it is shown where some files start with the host."""
    return replace(domain, autostart=any(file in linked for file in (domain.file, *domain.files)))
