"""The settings of xend: what holds, where it comes from, and what follows when it changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from xenia.manager.events import EventBus
from xenia.model.errors import XeniaError
from xenia.model.event import EventKind
from xenia.model.setting import SettingsReport, SettingState
from xenia.settings.load import Loaded
from xenia.settings.settings import SETTINGS, Effect, Setting, Settings

log = logging.getLogger(__name__)


class SettingsKeeper:
    """`loaded` is what xend was started with; `load` reads all sources again. `apply` is called with the settings
    whenever some have changed that need no restart.
    """

    def __init__(
        self, loaded: Loaded, load: Callable[[], Loaded], apply: Callable[[Settings], None], bus: EventBus
    ) -> None:
        self._latest = loaded
        self._load = load
        self._apply = apply
        self._bus = bus
        self._lock = asyncio.Lock()
        self._problem = ""
        """Why what the files say now cannot be used; "" where it can."""
        self.settings = loaded.settings
        """What holds."""
        self.hint = ""
        """What else people should know, "" for nothing."""

    async def reload(self) -> None:
        """Read all sources anew, and do what follows. What cannot be used is said, and changes nothing."""
        async with self._lock:
            try:
                latest = await asyncio.to_thread(self._load)
            except XeniaError as error:
                self._refuse(error)
                return
            self._problem = ""
            old, self._latest = self._latest, latest
            for remark in latest.remarks:
                if remark not in old.remarks:
                    log.warning("%s", remark)
            self._follow([row for row in SETTINGS.values() if row.of(old.settings) != row.of(latest.settings)])

    def _refuse(self, error: XeniaError) -> None:
        if error.message != self._problem:
            log.error("the settings stay as they are: %s", error.message)
            self._bus.announce(EventKind.SETTINGS_REFUSED, error.message)
        self._problem = error.message

    def _follow(self, changed: list[Setting]) -> None:
        if not changed:
            return
        wanted = self._latest.settings
        new = {row.member: row.of(wanted) for row in changed if row.effect is not Effect.RESTART}
        self.settings = replace(self.settings, **new)
        for row in changed:
            value = row.said(row.of(wanted))
            self._bus.announce(EventKind.SETTING_CHANGED, f"{row.name} = {value}; has effect {row.effect}")
        if new:
            self._apply(self.settings)

    def report(self) -> SettingsReport:
        """All of them, for people and programs; no secrets."""
        latest = self._latest
        problem = self._problem and f"what was said before holds: {self._problem}"
        remarks = tuple(filter(None, (problem, self.hint, *latest.remarks)))
        return SettingsReport(tuple(map(self._state, SETTINGS.values())), latest.variables, remarks)

    def _state(self, row: Setting) -> SettingState:
        value, wanted = row.of(self.settings), row.of(self._latest.settings)
        origin = self._latest.origins[row.name]
        return SettingState(
            name=row.name,
            value=row.shown(value),
            wanted=row.shown(wanted),
            default=row.shown(self._latest.default_of(row)),
            source=origin.source,
            place=origin.place,
            layer=origin.layer,
            variable=row.variable,
            takes=row.kind.takes,
            meaning=row.meaning,
            effect=row.effect,
        )
