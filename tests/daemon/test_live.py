"""Settings that change reach the parts that follow them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.world import World

from xenia.daemon.engines import choose
from xenia.daemon.live import live_settings
from xenia.daemon.logins import Admission
from xenia.daemon.sandbox import Sandbox
from xenia.lib.paths import Paths
from xenia.manager.events import EventBus
from xenia.model.display import Display, VncRules
from xenia.model.domain import DomainConfig, Kind
from xenia.screen.doors import ScreenDoors
from xenia.screen.rdp.views import RdpViews
from xenia.settings.load import load


@pytest.fixture
def level() -> Iterator[None]:
    """The root logger as it was."""
    before = logging.getLogger().level
    yield
    logging.getLogger().setLevel(before)


async def test_a_changed_file_is_noticed_and_followed(
    tmp_path: Path, level: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNIVENTION_BASECONF", raising=False)
    paths = Paths(tmp_path)
    paths.settings.parent.mkdir(parents=True)
    loaded = load(paths, {"engine": "simulated"})
    choice = choose(paths, loaded.settings, Sandbox(loaded.settings))
    manager = World().boot()
    await manager.start()
    bus = EventBus(lambda: 1.0, lambda _event: None)
    doors = ScreenDoors(
        manager.screens.wish,
        manager.screens.open_of,
        manager.screens.opened,
        manager.screens.refused,
        lambda: (tmp_path, tmp_path),
        uid=None,
        kept=tmp_path / "vnc.json",
        rules=VncRules(),
    )
    views = RdpViews(
        manager.screens.rdp_wish,
        manager.screens.open_of,
        manager.screens.rdp_opened,
        manager.screens.rdp_refused,
        lambda: (tmp_path, tmp_path),
        relay_uid=None,
        uid=None,
        folder=tmp_path / "rdp",
        rules=VncRules(),
        port=3389,
    )
    async with live_settings(paths, loaded, manager, choice, doors, views, Admission(loaded.settings), bus) as editor:
        with bus.listen() as events:
            paths.settings.write_text(
                'log_level = "error"\nvnc_listen = "::1"\nrestart_limit = 3\n[autostart]\ndomains = false\n'
            )
            async with asyncio.timeout(10):
                for _ in range(4):
                    await anext(events)
        assert editor.keeper.settings.restart_limit == 3
    assert logging.getLogger().level == logging.ERROR
    vnc = DomainConfig("a", Kind.HVM, display=Display(vnc=True))
    assert "-vnc [::1]:" in choice.engines["qemu"].explain(vnc).rendered
    assert "autostart.domains" in manager.host_power.obstacle()
    await manager.close()
