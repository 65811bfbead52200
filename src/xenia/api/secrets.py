"""What is told of a configuration without the passwords in it, whoever asks: nobody needs them from here."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from xenia.model.disk import Disk
from xenia.model.domain import Definition, DomainConfig, Started
from xenia.settings.settings import MASKED

_SECRET = re.compile(r"passw|secret|ticket", re.IGNORECASE)
"""In the name of a key, or in what is passed on to QEMU: the value is not told."""

_FREE = re.compile(r"disable", re.IGNORECASE)
_KEY = re.compile(r"(:key=)(?:\\.|[^:\\,])+")
"""The key of a user of Ceph's, as rbd: has it (qemu(1))."""

_USER = re.compile(r"(//[^/@%:]*[%:])[^/@]+(@)")
"""A user's password in a URI: iscsi://USER%PASSWORD@HOST, others with a colon."""


def config_without_secrets(config: DomainConfig) -> DomainConfig:
    display = config.display
    if display.vnc_password:
        display = replace(display, vnc_password=MASKED)
    other = {name: _value(name, value) for name, value in config.other.items()}
    return replace(config, display=display, disks=tuple(map(_disk, config.disks)), other=other)


def definition_without_secrets(definition: Definition) -> Definition:
    return replace(definition, overrides=tuple(map(_override, definition.overrides)))


def started_without_secrets(started: Started) -> Started:
    return replace(
        started,
        config=config_without_secrets(started.config),
        definition=definition_without_secrets(started.definition),
    )


def _value(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_value(name, each) for each in value]
    secret = _SECRET.search(name) and not _FREE.search(name)
    return MASKED if value and (secret or (isinstance(value, str) and _SECRET.search(value))) else value


def _override(word: str) -> str:
    name, sign, value = word.partition("=")
    return f"{name}{sign}{MASKED}" if value and _SECRET.search(word) else _path(word)


def _disk(disk: Disk) -> Disk:
    named = replace(disk.named, path=_path(disk.named.path)) if disk.named is not None else None
    return replace(disk, path=_path(disk.path), named=named)


def _path(path: str) -> str:
    return _USER.sub(rf"\g<1>{MASKED}\g<2>", _KEY.sub(rf"\g<1>{MASKED}", path))
