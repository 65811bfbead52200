"""A guest file against what runs, in the words of guest files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from xenia.guestfile.write import settings_of
from xenia.model.domain import DomainConfig, Started
from xenia.model.live import Difference, when

_WHOLE = frozenset({"cpus"})
"""Lists in which the place of an item says as much as the item."""


def differences(wanted: DomainConfig, running: DomainConfig) -> tuple[Difference, ...]:
    """In what `running` is not as `wanted`, in the order of a guest file. A UUID that the file leaves out is none, and
    neither is an overlay that a disk writes to since a snapshot.
    """
    running = replace(running, disks=tuple(disk.as_named for disk in running.disks))
    new, old = _words(wanted), _words(running)
    if wanted.uuid is None:
        old.pop("uuid", None)
    keys = [*new, *(key for key in old if key not in new)]
    return tuple(each for key in keys for each in _of(key, new.get(key), old.get(key)))


def _words(config: DomainConfig) -> dict[str, Any]:
    return config.other | settings_of(config)


def _of(key: str, wanted: Any, running: Any) -> Iterator[Difference]:
    if wanted == running:
        return
    if key in _WHOLE or not isinstance(wanted, list | None) or not isinstance(running, list | None):
        yield Difference(key, _said(wanted), _said(running), when(key))
        return
    wanted, running = wanted or [], running or []
    for item in running:
        if item not in wanted:
            yield Difference(key, "", _said(item), when(key))
    for item in wanted:
        if item not in running:
            yield Difference(key, _said(item), "", when(key))
    if sorted(map(str, wanted)) == sorted(map(str, running)):
        yield Difference(key, "in another order", "", when(key))


def _said(value: Any) -> str:
    return "" if value is None else str(value)


def as_it_runs(started: Started) -> DomainConfig:
    """The as-started configuration with what was decided for it: its UUID, the addresses of its cards."""
    vifs = tuple(replace(vif, mac=mac) for vif, mac in zip(started.config.vifs, started.macs, strict=True))
    return replace(started.config, uuid=started.uuid, vifs=vifs)
