"""The settings of xend: what holds, and where it comes from."""

from __future__ import annotations

from xenia.model.setting import SettingsReport, SettingState
from xenia.settings.load import Loaded
from xenia.settings.settings import SETTINGS, Setting


class SettingsKeeper:
    """`loaded` is what xend was started with."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded

    def report(self) -> SettingsReport:
        """All of them, for people and programs; no secrets."""
        loaded = self._loaded
        return SettingsReport(tuple(map(self._state, SETTINGS.values())), loaded.variables, loaded.remarks)

    def _state(self, row: Setting) -> SettingState:
        value, origin = getattr(self._loaded.settings, row.member), self._loaded.origins[row.name]
        default = value if row.default is None else row.default
        return SettingState(
            name=row.name,
            value=row.shown(value),
            wanted=row.shown(value),
            default=row.shown(default),
            source=origin.source,
            place=origin.place,
            layer=origin.layer,
            variable=row.variable,
            takes=row.kind.takes,
            meaning=row.meaning,
            effect=row.effect,
        )
