"""What starts with the host is chosen, and is started: in order, once per boot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.world import ROOT, World, read_really

from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.check import CheckRequest
from xenia.model.errors import ErrorKind, XeniaError, conflict
from xenia.model.host_run import HostRun
from xenia.model.job import JobState


def text(name: str, more: str = "") -> str:
    return f"name = '{name}'\ntype = 'pvh'\nkernel = '/boot/vmlinuz'\nmemory = 64\n{more}\n"


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "xen"
    (folder / "auto").mkdir(parents=True)
    return folder


@pytest.fixture
def world(etc: Path) -> World:
    return World(folder=etc, read=read_really)


def link(etc: Path, name: str, more: str = "", *, entry: str = "") -> None:
    (etc / f"{name}.cfg").write_text(text(name, more))
    (etc / "auto" / (entry or f"{name}.cfg")).symlink_to(f"../{name}.cfg")


async def up(world: World, boot: str = "boot") -> Manager:
    """A xend that has come up, and has started what it starts."""
    world.boot_id = boot
    manager = world.boot()
    await manager.start()
    for job in manager.jobs():
        assert (await manager.wait(job.id, 20)).state is not JobState.RUNNING
    return manager


async def host_start(manager: Manager) -> HostRun:
    job = await manager.wait(manager.host_power.start(ROOT).id, 20)
    assert job.state is JobState.DONE, job.error
    return last(manager)


def last(manager: Manager) -> HostRun:
    run = manager.host_power.runs.last
    assert run is not None
    return run


def told(run: HostRun) -> dict[str, str]:
    return {row.domain: f"{row.state}: {row.detail}" if row.detail else row.state.value for row in run.rows}


def order(world: World) -> list[str]:
    return [event.domain for event in world.published if event.kind == "started"]


async def test_the_first_xend_of_a_boot_starts_them_and_a_later_one_does_not(world: World, etc: Path) -> None:
    link(etc, "web")
    manager = await up(world)
    assert told(last(manager)) == {"web": "started: id 1"}
    assert last(manager).ended_at is not None
    await manager.wait(manager.operate("destroy", "web", ROOT).id, 10)
    await manager.close()
    again = await up(world)
    assert not world.host.guests
    await again.close()
    world.files.clear()  # what the host kept only for that boot, and all else
    third = await up(world, "next boot")
    assert order(world) == ["web", "web"]
    await third.close()


async def test_a_link_that_is_made_later_is_not_started_by_the_next_xend(world: World, etc: Path) -> None:
    await (await up(world)).close()
    link(etc, "web")
    manager = await up(world)
    assert not world.host.guests
    await host_start(manager)
    assert order(world) == ["web"]
    await manager.close()


async def test_in_order_with_delays_and_dependencies(world: World, etc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link(etc, "web", "start_after = ['db']", entry="10-web.cfg")
    link(etc, "db", "start_delay = 20", entry="30-db.cfg")
    link(etc, "dns", "start_delay = 5", entry="20-dns")
    link(etc, "mail")
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        world.now += seconds

    manager = world.boot()
    start = manager.host_power.host_start
    object.__setattr__(start, "sleep", sleep)
    await manager.start()
    await manager.wait(manager.jobs()[0].id, 20)
    assert order(world) == ["dns", "db", "web", "mail"]
    assert slept == [5, 20]
    assert [member.domain for member in await manager.host_power.members(ROOT)] == ["dns", "db", "web", "mail"]
    await manager.close()


async def test_one_that_fails_holds_back_only_those_that_wait_for_it(world: World, etc: Path) -> None:
    link(etc, "bad", "disk = ['phy:/dev/one,xvda,w']")
    link(etc, "behind", "start_after = ['bad']")
    link(etc, "far", "start_after = ['behind']")
    link(etc, "lost", "start_after = ['nobody']")
    link(etc, "good")
    (etc / "taker.cfg").write_text(text("taker", "disk = ['phy:/dev/one,xvda,w']"))
    (etc / "auto/1-taker").symlink_to("../taker.cfg")
    manager = await up(world)
    assert told(last(manager)) == {
        "taker": "started: id 1",
        "bad": "failed: /dev/one is busy",
        "behind": "held back: it waits for 'bad', which has failed",
        "far": "held back: it waits for 'behind', which does not run",
        "good": "started: id 3",
        "lost": "held back: it waits for 'nobody', which does not run and does not start with the host",
    }
    await manager.close()


async def test_a_circle_is_told_with_its_members_and_the_rest_is_started(world: World, etc: Path) -> None:
    link(etc, "a", "start_after = ['b']")
    link(etc, "b", "start_after = ['c']")
    link(etc, "c", "start_after = ['a']")
    link(etc, "free")
    link(etc, "self", "start_after = ['self']")
    link(etc, "behind", "start_after = ['a']")
    manager = await up(world)
    circle = "failed: start_after: a waits for b waits for c, which waits for a"
    assert told(last(manager)) == {
        "free": "started: id 1",
        "behind": "held back: it waits for 'a', which has failed",
        "a": circle,
        "b": circle,
        "c": circle,
        "self": "failed: start_after: 'self' waits for itself",
    }
    assert [member.domain for member in await manager.host_power.members(ROOT) if not member.problem] == [
        "free",
        "behind",
    ]
    await manager.close()


async def test_what_cannot_be_used_is_told_and_the_rest_is_started(world: World, etc: Path) -> None:
    link(etc, "web")
    (etc / "auto/0-gone.cfg").symlink_to("../gone.cfg")
    (etc / "auto/folder").mkdir()
    (etc / "auto/README").write_text("no guest file\n")
    (etc / "auto/second").symlink_to("../web.cfg")
    (etc / "auto/own.cfg").write_text(text("own"))
    manager = await up(world)
    rows = told(last(manager))
    assert {name for name, state in rows.items() if state.startswith("started")} == {"web", "own"}
    assert rows["0-gone"] == f"failed: {etc}/gone.cfg: it cannot be read: No such file or directory"
    assert rows["folder"] == f"failed: {etc}/auto/folder: it cannot be read: it is no file"
    assert rows["README"].startswith(f"failed: {etc}/auto/README:1:")
    problems = {member.domain: member.problem for member in await manager.host_power.members(ROOT) if member.problem}
    assert problems["web"] == f"'web' is started by {etc}/auto/second already"
    assert (await manager.inventory.look_up("own")).file == f"{etc}/auto/own.cfg"
    await manager.close()


async def test_one_that_runs_already_is_left_alone(world: World, etc: Path) -> None:
    link(etc, "web")
    manager = await up(world)
    assert told(await host_start(manager)) == {"web": "runs already"}
    await manager.close()


async def test_an_xend_that_was_killed_within_it_is_followed_by_one_that_goes_on(world: World, etc: Path) -> None:
    link(etc, "db", "start_delay = 3600")
    link(etc, "web")
    manager = world.boot()
    await manager.start()
    while order(world) != ["db"]:
        await manager.wait(manager.jobs()[0].id, 0.01)
    await manager.close()
    assert last(manager).ended_at is None
    world.now += 3600
    again = await up(world)
    assert order(world) == ["db", "web"]
    assert told(last(again)) == {"db": "started: id 1", "web": "started: id 2"}
    await again.close()


async def test_where_xendomains_does_it_xend_refuses(world: World, etc: Path) -> None:
    def refuse() -> None:
        raise conflict("xendomains is enabled", "systemctl mask xendomains")

    link(etc, "web")
    world.refuse_beside_others = refuse
    manager = await up(world)
    assert not world.host.guests
    assert told(last(manager)) == {"web": "failed: xendomains is enabled"}
    assert manager.host_power.obstacle() == "xendomains is enabled; systemctl mask xendomains"
    with pytest.raises(XeniaError, match="xendomains is enabled"):
        manager.host_power.start(ROOT)
    await manager.close()
    world.refuse_beside_others = lambda: None
    again = await up(world)
    assert not world.host.guests  # xendomains may have done it at this boot
    assert told(await host_start(again)) == {"web": "started: id 1"}
    await again.close()


async def test_where_the_settings_say_so_nothing_starts_by_itself(world: World, etc: Path) -> None:
    link(etc, "web")
    world.start_with_host = False
    manager = await up(world)
    assert not world.host.guests
    assert told(last(manager)) == {"web": "failed: the setting autostart.domains says that none starts by itself"}
    assert "xm host-start" in manager.host_power.obstacle()
    assert told(await host_start(manager)) == {"web": "started: id 1"}
    await manager.close()


async def test_fifty_guests(world: World, etc: Path) -> None:
    for number in range(50):
        after = f"start_after = ['g{number - 1:02d}']" if number % 5 else ""
        link(etc, f"g{number:02d}", after, entry=f"{50 - number:02d}-g{number:02d}.cfg")
    manager = await up(world)
    started = order(world)
    assert len(started) == 50
    assert all(started.index(f"g{n - 1:02d}") < started.index(f"g{n:02d}") for n in range(50) if n % 5)
    await manager.close()


async def test_a_record_that_cannot_be_read_is_none(world: World, etc: Path) -> None:
    link(etc, "web")
    world.files["var/lib/xenia/host-run.json"] = b"{"
    manager = await up(world)
    assert order(world) == ["web"]
    await manager.close()


async def attempt(action: Callable[[], Any]) -> None:
    await action()


async def test_only_one_at_a_time_and_for_administrators_only(world: World, etc: Path) -> None:
    manager = await up(world)
    link(etc, "db", "start_delay = 3600")
    link(etc, "web")
    manager.host_power.start(ROOT)
    with pytest.raises(XeniaError, match="a host-start is under way"):
        manager.host_power.start(ROOT)
    operator = Caller(1000, "op", Role.OPERATOR)
    for action in (
        lambda: manager.host_power.start(operator),
        lambda: manager.host_power.autostart.enable("web", None, operator),
        lambda: manager.host_power.autostart.disable("web", operator),
        lambda: manager.host_power.members(operator),
    ):
        with pytest.raises(XeniaError) as raised:
            await attempt(action)
        assert raised.value.kind is ErrorKind.DENIED
    await manager.close()


class TestLinks:
    async def test_they_are_made_moved_and_taken_away(self, manager: Manager, etc: Path) -> None:
        (etc / "web.cfg").write_text(text("web"))
        autostart = manager.host_power.autostart
        linked = await autostart.enable("web", None, ROOT)
        assert (linked.domain, linked.link, linked.changed) == ("web", str(etc / "auto/web.cfg"), True)
        assert (etc / "auto/web.cfg").readlink() == Path("../web.cfg")
        assert (await autostart.enable("web", None, ROOT)).changed is False
        assert (await autostart.enable("web", 5, ROOT)).link == str(etc / "auto/05-web.cfg")
        assert (await autostart.enable("web.cfg", 5, ROOT)).changed is False
        assert [each.name for each in (etc / "auto").iterdir()] == ["05-web.cfg"]
        assert (await autostart.enable("web", None, ROOT)).link == str(etc / "auto/05-web.cfg")
        assert (await autostart.disable("web", ROOT)).changed is True
        assert (await autostart.disable("web", ROOT)).changed is False
        assert list((etc / "auto").iterdir()) == []

    async def test_the_folder_is_made_when_it_is_needed(self, manager: Manager, etc: Path) -> None:
        (etc / "auto").rmdir()
        (etc / "web.cfg").write_text(text("web"))
        assert await manager.host_power.members(ROOT) == ()
        await manager.host_power.autostart.enable("web", 1000, ROOT)
        assert [each.name for each in (etc / "auto").iterdir()] == ["1000-web.cfg"]

    async def test_what_is_refused(self, manager: Manager, etc: Path) -> None:
        (etc / "web.cfg").write_text(text("web"))
        (etc / "broken.cfg").write_text("name = (\n")
        (etc / "auto/web.cfg").write_text("something else\n")
        autostart = manager.host_power.autostart
        with pytest.raises(XeniaError, match="there is no guest file 'nobody'"):
            await autostart.enable("nobody", None, ROOT)
        with pytest.raises(XeniaError, match="defines nothing, so it cannot start with the host"):
            await autostart.enable("broken", None, ROOT)
        with pytest.raises(XeniaError, match=r"auto/web\.cfg is there already, and leads to something else"):
            await autostart.enable("web", None, ROOT)
        assert (await autostart.disable("web", ROOT)).changed is False
        assert (etc / "auto/web.cfg").read_text() == "something else\n"

    async def test_a_domain_that_is_deleted_starts_no_more(self, manager: Manager, etc: Path) -> None:
        link(etc, "web", entry="10-web.cfg")
        await manager.defining.delete("web", ROOT)
        assert list((etc / "auto").iterdir()) == []


async def test_a_list_says_what_starts_with_the_host(manager: Manager, etc: Path) -> None:
    (etc / "web.cfg").write_text(text("web"))
    assert not (await manager.inventory.look_up("web")).autostart
    link(etc, "db")
    assert {domain.name: domain.autostart for domain in await manager.inventory.list(everything=True)} == {
        "Domain-0": False,
        "db": True,
        "web": False,
    }
    await host_start(manager)
    assert (await manager.inventory.look_up("db")).autostart


async def test_a_check_says_whom_it_waits_for_in_vain(manager: Manager, etc: Path) -> None:
    link(etc, "db")
    request = CheckRequest(text("web", "start_after = ['db', 'nix', 'web']"), "/home/web.cfg")
    complaints = (await manager.check(request, ROOT)).complaints
    assert [(each.severity, each.message.partition(":")[0], each.line) for each in complaints] == [
        ("warning", "there is no domain 'nix' to wait for", 5),
        ("warning", "it waits for itself", 5),
    ]
