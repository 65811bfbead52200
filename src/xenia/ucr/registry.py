"""All files of the registry, in the order in which they count."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from xenia.lib.regular import read_regular
from xenia.lib.text import decode
from xenia.ucr.text import FileText, is_whole, parse

LIMIT = 4 << 20
"""Bytes of one file; a host in use has some 100 KiB."""

FOLDER = "etc/univention"
INSTEAD = "UNIVENTION_BASECONF"
"""The variable of the environment that names a file which is read instead of all others."""

_BACKUP = ".bak"
_REFERENCE = re.compile(r"@%@([^@%]+)@%@")
_DEEPEST = 10
_MOST_REFERENCES = 256
"""References that one value may have in all, so that a few short lines cannot become megabytes."""


class Layer(StrEnum):
    """In the registry's own words, the highest first. A variable has the value of the highest layer that has it."""

    CUSTOM = "custom"
    FORCED = "forced"
    SCHEDULE = "schedule"
    LDAP = "ldap"
    NORMAL = "normal"
    OWN = "xenia"
    """A file of this form among our own: where there is no registry to write to."""
    DEFAULT = "default"


_FILES = (
    (Layer.FORCED, "base-forced.conf"),
    (Layer.SCHEDULE, "base-schedule.conf"),
    (Layer.LDAP, "base-ldap.conf"),
    (Layer.NORMAL, "base.conf"),
    (Layer.DEFAULT, "base-defaults.conf"),
)


@dataclass(frozen=True, slots=True)
class Variable:
    """`line` counts from 1."""

    name: str
    value: str
    layer: Layer
    file: str
    line: int

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Registry:
    """`variables` by name, each from the highest layer that has it. `remarks` say what could not be read, in words."""

    variables: Mapping[str, Variable] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def files_of(root: Path, own: Path, environment: Mapping[str, str] = os.environ) -> tuple[tuple[Layer, Path], ...]:
    """Which files there may be, the highest layer first. `own` is ours."""
    if instead := environment.get(INSTEAD):
        return ((Layer.CUSTOM, Path(instead)),)
    files = [(layer, root / FOLDER / name) for layer, name in _FILES]
    return (*files[:-1], (Layer.OWN, own), files[-1])


def backed_up(files: tuple[tuple[Layer, Path], ...]) -> tuple[Path, ...]:
    """All files that `read_registry` may read of these."""
    return tuple(each for _, path in files for each in (path, _backup_of(path)))


def read_registry(files: tuple[tuple[Layer, Path], ...]) -> Registry:
    """What `files` say together. Nothing is written, and nothing raised: what cannot be read is left out, with a
    remark.
    """
    remarks: list[str] = []
    variables: dict[str, Variable] = {}
    for layer, path in reversed(files):
        found = _read(path, remarks.append)
        variables |= {
            name: Variable(name, entry.value, layer, str(path), entry.line) for name, entry in found.entries.items()
        }
    for name, variable in variables.items():
        if variable.layer is Layer.DEFAULT and _REFERENCE.search(variable.value):
            variables[name] = replace(variable, value=_expanded(variable, variables, remarks.append))
    return Registry(variables, tuple(remarks))


def _read(path: Path, remark: Callable[[str], None]) -> FileText:
    """What the file says, or its backup where it is not there or was cut off."""
    text = _text(path, remark)
    if text is None or not is_whole(text):
        backup = _text(_backup_of(path), remark)
        if backup is not None and is_whole(backup):
            state = "is not there" if text is None else "was cut off"
            remark(f"{path} {state}: its backup ({_BACKUP}) is read instead")
            text = backup
    read = parse(text or "")
    if read.skipped:
        more = f" (and {len(read.skipped) - 1} more)" if len(read.skipped) > 1 else ""
        remark(f"{path}:{read.skipped[0]}: this line{more} is no 'key: value', and says nothing")
    return read


def _backup_of(path: Path) -> Path:
    return path.with_name(path.name + _BACKUP)


def _text(path: Path, remark: Callable[[str], None]) -> str | None:
    """None for a file that is not there or cannot be read."""
    try:
        return decode(read_regular(path, LIMIT))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        remark(f"{path} cannot be read: {error.strerror}")
        return None


def _expanded(variable: Variable, variables: Mapping[str, Variable], remark: Callable[[str], None]) -> str:
    """A default with its references `@%@NAME@%@` replaced by what they name; one that is not set becomes nothing."""
    value, left = variable.value, _MOST_REFERENCES
    for _ in range(_DEEPEST):
        value, count = _REFERENCE.subn(lambda found: _value_of(found[1], variables), value, count=left)
        left -= count
        if not count or not left:
            break
    if _REFERENCE.search(value):
        remark(f"{variable.place}: {variable.name} refers to itself, or to more than can be followed")
        return _REFERENCE.sub("", value)
    return value


def _value_of(name: str, variables: Mapping[str, Variable]) -> str:
    found = variables.get(name)
    return found.value if found is not None else ""
