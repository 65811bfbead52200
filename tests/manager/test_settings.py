"""Settings that change while xend runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from xenia.lib.paths import Paths
from xenia.manager.events import EventBus
from xenia.manager.settings import SettingsKeeper
from xenia.model.event import Event, EventKind
from xenia.settings.load import load
from xenia.settings.settings import Settings


class Desk:
    """A root with an xend.toml, and what followed from changing it."""

    def __init__(self, root: Path) -> None:
        self.paths = Paths(root)
        self.paths.settings.parent.mkdir(parents=True)
        self.events: list[Event] = []
        self.applied: list[Settings] = []
        read = partial(load, self.paths, {"engine": "simulated"})
        bus = EventBus(lambda: 1.0, self.events.append)
        self.keeper = SettingsKeeper(read(), read, self.applied.append, bus)

    async def write(self, text: str) -> None:
        self.paths.settings.write_text(text)
        await self.keeper.reload()

    def told(self) -> list[str]:
        told = [event.detail for event in self.events]
        self.events.clear()
        return told

    def row(self, name: str) -> tuple[object, object, str]:
        row = next(row for row in self.keeper.report().settings if row.name == name)
        return row.value, row.wanted, row.place.rpartition("/")[2]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("UNIVENTION_BASECONF", raising=False)
    return Desk(tmp_path)


async def test_what_can_change_at_once_does(desk: Desk) -> None:
    await desk.write('stop_timeout = 5\nvnc_listen = "::"\n')
    assert desk.keeper.settings.stop_timeout == 5
    assert desk.applied == [desk.keeper.settings]
    assert desk.told() == [
        'vnc_listen = "::"; has effect at the next start of a guest',
        "stop_timeout = 5; has effect at once",
    ]
    assert desk.row("stop_timeout") == (5, 5, "xend.toml:1")


async def test_what_takes_a_restart_waits_for_it_and_is_said_to(desk: Desk) -> None:
    await desk.write('qemu = "q"\n')
    assert desk.keeper.settings.qemu == "qemu-system-x86_64"
    assert desk.applied == []
    assert desk.told() == ['qemu = "q"; has effect at the next start of xend']
    assert desk.row("qemu") == ("qemu-system-x86_64", "q", "xend.toml:1")
    await desk.write("")
    assert desk.row("qemu") == ("qemu-system-x86_64", "qemu-system-x86_64", "")


async def test_a_file_that_cannot_be_used_changes_nothing_and_is_said_once(desk: Desk) -> None:
    await desk.write("stop_timeout = 5\n")
    desk.told()
    for _ in range(2):
        await desk.write("stop_timeout = 5\nstop_timout = 6\n")
    assert desk.keeper.settings.stop_timeout == 5
    assert [event.kind for event in desk.events] == [EventKind.SETTINGS_REFUSED]
    assert desk.told() == [f"{desk.paths.settings}:2: there is no setting 'stop_timout'"]
    assert desk.keeper.report().remarks[0].startswith("what was said before holds: ")
    await desk.write("stop_timeout = 6\n")
    assert desk.keeper.settings.stop_timeout == 6
    assert desk.keeper.report().remarks == ()


async def test_a_file_that_says_the_same_in_other_words_is_no_change(desk: Desk) -> None:
    await desk.write("# new\n")
    assert (desk.told(), desk.applied) == ([], [])


async def test_passwords_are_in_no_event(desk: Desk) -> None:
    await desk.write('vnc_password = "secret"\n')
    assert desk.keeper.settings.vnc_password == "secret"
    assert desk.told() == ["vnc_password = ***; has effect at the next start of a guest"]


async def test_the_command_line_goes_on_to_hold(desk: Desk) -> None:
    await desk.write('engine = "xen"\n')
    assert (desk.told(), desk.row("engine")) == ([], ("simulated", "simulated", ""))


async def test_a_change_of_the_registry_counts_as_well(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "etc/univention").mkdir()
    (tmp_path / "etc/univention/base-ldap.conf").write_text("# u\n\nxen/vnc/listen: ::1\n")
    await desk.keeper.reload()
    assert desk.keeper.settings.vnc_listen == "::1"
    assert desk.row("vnc_listen") == ("::1", "::1", "base-ldap.conf:3")
