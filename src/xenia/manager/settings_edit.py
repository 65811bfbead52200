"""Changing settings for people: in xend.toml, or in the registry."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xenia.lib.replace import replace_file
from xenia.manager.settings import SettingsKeeper
from xenia.model.caller import Caller, Role
from xenia.model.errors import XeniaError, denied, invalid, not_found, unavailable
from xenia.model.setting import SettingsChange, SettingState
from xenia.settings.given import Given
from xenia.settings.kinds import Unfit
from xenia.settings.old_variables import FATES
from xenia.settings.settings import SETTINGS, Setting
from xenia.settings.toml import check_text, meant, open_to_others, read_text, read_toml
from xenia.settings.toml_edit import edited
from xenia.store.folder import changed_meanwhile
from xenia.ucr.write import RegistryWriter

_MODE = 0o600
"""Of a new xend.toml: it may hold a password."""

Changes = Mapping[str, str | None]
"""New values as texts, by the names of settings or of their variables; None takes one out."""


@dataclass(slots=True)
class SettingsEditor:
    """`path` is that of xend.toml."""

    path: Path
    registry: RegistryWriter
    keeper: SettingsKeeper
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def change(self, changes: Changes, caller: Caller) -> SettingsChange:
        """Make all `changes`, or none. Names of settings are changed in xend.toml, variables in the registry; not both
        at once. Raises denied, not_found for what is neither, invalid for what cannot be, unavailable.
        """
        self.require(caller)
        rows = {name: _row(name) for name in changes}
        variables = [name for name, row in rows.items() if name != row.name]
        if variables and len(variables) < len(rows):
            raise invalid("settings and variables of the registry are not changed together", "do one after the other")
        for name, value in changes.items():
            _checked(name, rows[name], value)
        async with self._lock:
            if variables:
                notes = await self.registry.write(changes)
            else:
                notes = await asyncio.to_thread(self._write, changes)
            await self.keeper.reload()
        states = {state.name: state for state in self.keeper.report().settings}
        for name, value in changes.items():
            notes += _ineffective(name, rows[name], value, states[rows[name].name])
        return SettingsChange(tuple(states[row.name] for row in rows.values()), notes)

    def require(self, caller: Caller) -> None:
        """Raises denied for those who may not change settings."""
        if caller.role < Role.ADMINISTRATOR:
            message = f"{caller.name} may not change the settings: that needs the role administrator"
            raise denied(message, "do it as root")

    def given(self) -> dict[str, Given]:
        """What xend.toml says. Raises invalid where it cannot be used."""
        return read_toml(self.path)

    def preview(self, changes: Mapping[str, str]) -> tuple[str, str]:
        """The text of xend.toml, and what it would be with these settings. Raises as `change`."""
        old = read_text(self.path) or ""
        return old, edited(old, {name: _literal(SETTINGS[name], value) for name, value in changes.items()})

    def _write(self, changes: Changes) -> tuple[str, ...]:
        old = read_text(self.path) or ""
        there = check_text(old, self.path)
        missing = [name for name, value in changes.items() if value is None and name not in there]
        literals = {name: _literal(SETTINGS[name], value) for name, value in changes.items() if name not in missing}
        new = edited(old, literals)
        check_text(new, self.path)
        try:
            if new != old:
                replace_file(self.path, new.encode(), mode=_MODE, check=lambda: self._still(old))
        except OSError as error:
            raise unavailable(f"{error.filename} cannot be written: {error.strerror}") from error
        notes = [f"{name} is not in {self.path}" for name in missing]
        if open_to_others(self.path) and any(SETTINGS[name].secret and value for name, value in changes.items()):
            notes.append(f"{self.path} can be read by others: chmod 600 {self.path}")
        return tuple(notes)

    def _still(self, old: str) -> None:
        if (read_text(self.path) or "") != old:
            raise changed_meanwhile(str(self.path))


def _row(name: str) -> Setting:
    """The setting that has this name, or this variable."""
    if name in SETTINGS:
        return SETTINGS[name]
    for row in SETTINGS.values():
        if name and row.variable == name:
            return row
    if name in FATES:
        raise invalid(f"{name} is no setting: {FATES[name]}")
    raise not_found(f"there is no setting '{name}'", meant(name) or "xm config settings lists them all")


def _checked(name: str, row: Setting, value: str | None) -> None:
    try:
        if value is not None:
            row.kind.of_text(value)
    except Unfit as unfit:
        raise _unfit(name, unfit) from None


def _unfit(name: str, unfit: Unfit) -> XeniaError:
    return invalid(f"{name} {unfit.wrong}", unfit.hint)


def _literal(row: Setting, value: str | None) -> str | None:
    return None if value is None else row.kind.to_toml(row.kind.of_text(value))


def _ineffective(name: str, row: Setting, value: str | None, state: SettingState) -> tuple[str, ...]:
    """What is to be said where something higher gives the setting another value."""
    if value is None or row.shown(row.kind.of_text(value)) == state.wanted:
        return ()
    where = state.place or f"the {state.source}"
    return (f"{name} has no effect: {where} says {row.name}",)
