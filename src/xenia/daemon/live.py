"""The settings while xend runs: watched, and handed to the parts that follow them."""

from __future__ import annotations

import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from xenia.daemon.engines import Choice, vnc_rules
from xenia.daemon.logins import Admission
from xenia.lib.paths import Paths
from xenia.manager.brake import Brake
from xenia.manager.events import EventBus
from xenia.manager.host_stop import StopSettings
from xenia.manager.manager import Manager
from xenia.manager.settings import SettingsKeeper
from xenia.manager.settings_edit import SettingsEditor
from xenia.manager.settings_watch import SettingsWatch
from xenia.screen.doors import ScreenDoors
from xenia.screen.rdp.views import RdpViews
from xenia.settings.load import Loaded, load, sources
from xenia.settings.settings import Settings
from xenia.ucr.write import OwnFile, Program, RegistryWriter

_PROGRAMS = "/usr/sbin:/usr/bin:/sbin:/bin"


@asynccontextmanager
async def live_settings(
    paths: Paths,
    loaded: Loaded,
    manager: Manager,
    choice: Choice,
    doors: ScreenDoors,
    views: RdpViews,
    admission: Admission,
    bus: EventBus,
) -> AsyncIterator[SettingsEditor]:
    """Follows the files that give settings their values, while the context lasts."""
    read = partial(load, paths, loaded.command_line)
    keeper = SettingsKeeper(loaded, read, partial(_apply, manager, choice, doors, views, admission), bus)
    watch = SettingsWatch(sources(paths), keeper.reload)
    watch.start()
    try:
        yield SettingsEditor(paths.settings, _registry(paths), keeper)
    finally:
        await watch.close()


def _registry(paths: Paths) -> RegistryWriter:
    """The registry of this host, where xend serves it as a whole."""
    program = shutil.which("ucr", path=_PROGRAMS) if paths.root == Path("/") else None
    return Program(program) if program else OwnFile(paths.registry)


def brake_of(settings: Settings) -> Brake:
    return Brake(settings.restart_limit, settings.restart_window, settings.restart_delay)


def stop_settings_of(settings: Settings) -> StopSettings:
    return StopSettings(settings.host_stop, settings.stop_timeout, settings.host_stop_timeout)


def _apply(
    manager: Manager, choice: Choice, doors: ScreenDoors, views: RdpViews, admission: Admission, settings: Settings
) -> None:
    logging.getLogger().setLevel(settings.log_level.upper())
    rules = vnc_rules(settings)
    for engine in choice.engines.values():
        engine.set_vnc(rules)
    doors.configure(rules)
    views.configure(rules)
    admission.follow(settings)
    manager.configure(
        brake_of(settings),
        stop_settings_of(settings),
        attach_timeout=settings.attach_timeout,
        bring_back=settings.bring_back,
        start_with_host=settings.autostart_domains,
        warm_clones=settings.warm_clones,
    )
