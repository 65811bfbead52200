"""A guest file against the other domains of the host: what only one of them may have."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xenia.manager.definitions import Definitions
from xenia.manager.table import Table
from xenia.model.complaint import Complaint, Severity
from xenia.model.disk import DiskMode
from xenia.model.domain import DomainConfig
from xenia.store.records import Records


@dataclass(frozen=True, slots=True)
class _Other:
    """`where` names it for a person; `images` are the files and devices that it writes alone. `uuid` is None where it
    may go over to another name.
    """

    name: str
    where: str
    uuid: str | None
    macs: tuple[str, ...]
    images: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What is defined (`definitions`), was ever started (`records`) or runs (`table`)."""

    definitions: Definitions
    records: Records
    table: Table

    async def check(self, config: DomainConfig, file: str) -> list[Complaint]:
        """Remarks on names, UUIDs, MAC addresses and images that another domain has as well, and on those that it
        waits for."""
        await self.definitions.refresh()
        others = [other for other in self._others(config) if other.name != config.name]
        return [
            *self._name(config, file),
            *_uuid(config, others),
            *_macs(config, others),
            *_images(config, others),
            *_start_after(config, {other.name for other in others}),
        ]

    def _others(self, config: DomainConfig) -> Iterator[_Other]:
        """Those with a guest file first: a file can be named, and corrected. What was decided once for the UUID of
        `config` is its own, whatever it was called then.
        """
        for other, path in self.definitions.files():
            yield _Other(other.name, str(path), other.uuid, _given_macs(other), _images_of(other))
        for record in (record for record in self.records.all() if record.uuid != config.uuid):
            yield _Other(record.name, f"domain '{record.name}'", None, record.macs)
        for entry in self.table:
            started = entry.started
            where = f"domain '{started.config.name}' (id {started.domid})"
            yield _Other(started.config.name, where, started.uuid, started.macs, _images_of(started.config))

    def _name(self, config: DomainConfig, file: str) -> Iterator[Complaint]:
        """Two files with one name are two ways to start one domain, as an installation and what it installs."""
        here = os.path.realpath(file) if file else ""
        same = [str(path) for other, path in self.definitions.files() if other.name == config.name]
        same = [path for path in same if os.path.realpath(path) != here]
        if same:
            message = f"the name '{config.name}' is that of {same[0]} too: both define one domain, which runs once"
            yield Complaint(Severity.NOTE, message, key="name")


def _uuid(config: DomainConfig, others: Iterable[_Other]) -> Iterator[Complaint]:
    other = next((other for other in others if config.uuid and other.uuid == config.uuid), None)
    if other is not None:
        message = f"the UUID {config.uuid} is that of {other.where} too, whose name is '{other.name}'"
        yield Complaint(Severity.WARNING, message, hint="leave uuid out: one is made and kept", key="uuid")


def _macs(config: DomainConfig, others: Iterable[_Other]) -> Iterator[Complaint]:
    holders: dict[str, _Other] = {}
    for other in others:
        for mac in other.macs:
            holders.setdefault(mac, other)
    for vif in config.vifs:
        if vif.mac in holders:
            message = f"the address {vif.mac} is that of a card of {holders[vif.mac].where} too"
            hint = "leave mac out: one that is free is made and kept"
            yield Complaint(Severity.WARNING, message, hint=hint, key=f"vif[{vif.item}]")


def _images(config: DomainConfig, others: Iterable[_Other]) -> Iterator[Complaint]:
    holders: dict[str, _Other] = {}
    for other in others:
        for path in other.images:
            holders.setdefault(path, other)
    for disk in config.disks:
        if disk.mode is DiskMode.WRITE and disk.path in holders:
            message = f"{disk.path} is a disk of {holders[disk.path].where} too: only one of the two can run"
            yield Complaint(Severity.NOTE, message, key=f"disk[{disk.item}]")


def _start_after(config: DomainConfig, others: set[str]) -> Iterator[Complaint]:
    for name in config.order.after:
        if name == config.name:
            message = "it waits for itself: it will not be started with the host"
            yield Complaint(Severity.WARNING, message, hint="leave its own name out", key="start_after")
        elif name not in others:
            message = (
                f"there is no domain '{name}' to wait for: this one will not be started with the host before it runs"
            )
            hint = f"define it: xm new {name}.cfg; or leave the name out"
            yield Complaint(Severity.WARNING, message, hint=hint, key="start_after")


def _given_macs(config: DomainConfig) -> tuple[str, ...]:
    return tuple(vif.mac for vif in config.vifs if vif.mac)


def _images_of(config: DomainConfig) -> frozenset[str]:
    return frozenset(disk.path for disk in config.disks if disk.path and disk.mode is DiskMode.WRITE)
