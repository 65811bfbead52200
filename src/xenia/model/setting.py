"""The settings of xend, as they are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SettingState:
    """One setting. `value` is what holds, `wanted` what will hold once xend has been started anew: another one where
    that takes it. Secrets are `***`.

    `source` says what gives the wanted value: `command line`, `xend.toml`, `ucr` or `default`; `place` is `file:line`
    where it stands in a file, `layer` that of the registry. `variable` is the setting's name in the Univention
    registry, "" where it has none. `takes`, `meaning` and `effect` (when a new value has it) are for people.
    """

    name: str
    value: Any
    wanted: Any
    default: Any
    source: str
    place: str
    layer: str
    variable: str
    takes: str
    meaning: str
    effect: str


@dataclass(frozen=True, slots=True)
class OldVariable:
    """A variable of the registry that is set, and that xend of old or those around it read. `fate` says what becomes of
    it here.
    """

    name: str
    value: str
    place: str
    fate: str


@dataclass(frozen=True, slots=True)
class SettingsReport:
    """All settings by name. `remarks` say what was read and has no effect, in words."""

    settings: tuple[SettingState, ...]
    variables: tuple[OldVariable, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """What came of a change: the settings that it names, and what is to be known of it, in words."""

    settings: tuple[SettingState, ...]
    notes: tuple[str, ...]
