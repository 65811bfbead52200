"""The settings that hold, and where each comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xenia.lib.paths import Paths
from xenia.model.setting import OldVariable
from xenia.settings.given import Given, Origin, Source
from xenia.settings.old_variables import old_variables
from xenia.settings.registry import of_registry
from xenia.settings.settings import SETTINGS, Setting, Settings
from xenia.settings.toml import open_to_others, read_toml
from xenia.ucr.registry import backed_up, files_of, read_registry


@dataclass(frozen=True, slots=True)
class Loaded:
    """`origins` has one for each setting, by name; `roots` are the default of that setting,
    `command_line` what xend was given there, by name; `remarks` say what was read and has no effect, in words;
    `variables` are of the registry, and not ours.
    """

    settings: Settings
    origins: Mapping[str, Origin]
    roots: tuple[Path, ...]
    command_line: Mapping[str, Any]
    remarks: tuple[str, ...] = ()
    variables: tuple[OldVariable, ...] = ()

    def default_of(self, row: Setting) -> Any:
        """What holds where nothing is said."""
        return self.roots if row.default is None else row.default


def sources(paths: Paths) -> tuple[Path, ...]:
    """The files that `load` may read."""
    return (paths.settings, *backed_up(files_of(paths.root, paths.registry)))


def load(paths: Paths, chosen: Mapping[str, Any]) -> Loaded:
    """What command line, xend.toml and registry say, and the defaults for the rest. `chosen` are the values of the
    command line, by name.

    Raises an invalid error with file and line for what of xend.toml cannot be used, denied where it may not be read.
    """
    read = read_registry(files_of(paths.root, paths.registry))
    registry, remarks = of_registry(read)
    file = read_toml(paths.settings)
    words = {name: Given(value, Origin(Source.COMMAND_LINE)) for name, value in chosen.items()}
    given = registry | file | words
    remarks += tuple(
        f"{there.origin.place}: {SETTINGS[name].variable} has no effect, {_said(given[name].origin)} says {name}"
        for name, there in registry.items()
        if given[name] is not there
    )
    remarks += _readable_by_others(paths.settings, file)
    values = {SETTINGS[name].member: each.value for name, each in given.items()}
    settings = Settings(**({"roots": (paths.images,)} | values))
    default = Origin(Source.DEFAULT)
    origins = {name: given[name].origin if name in given else default for name in SETTINGS}
    return Loaded(settings, origins, (paths.images,), chosen, remarks, old_variables(read))


def _readable_by_others(path: Path, given: Mapping[str, Given]) -> tuple[str, ...]:
    """What is to be said of a file that has a password and is not for its owner alone."""
    if not any(SETTINGS[name].secret and each.value for name, each in given.items()) or not open_to_others(path):
        return ()
    return (f"{path} has a password and can be read by others: chmod 600 {path}",)


def _said(origin: Origin) -> str:
    return origin.place or f"the {origin.source}"
