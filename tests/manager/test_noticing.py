"""What others do to guest files is noticed when it happens, and kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.world import MemoryFiles, World, read_plain

from xenia.lib.aio import Tasks
from xenia.manager.definitions import Definitions
from xenia.manager.noticing import Keeper, Watch
from xenia.store.folder import GuestFolder
from xenia.store.versions import Versions


class Desk:
    """A watched folder. `told` gets the name of each file that was looked at."""

    def __init__(self, folder: Path, world: World) -> None:
        self.told: asyncio.Queue[str] = asyncio.Queue()
        self.versions = Versions(MemoryFiles(world), world.clock)
        self.keeper = Keeper(self.versions)
        self.definitions = Definitions(GuestFolder(folder), read_plain, self._noticed)
        self.watch = Watch(self.definitions, settle=0)

    def _noticed(self, name: str, content: bytes | None) -> None:
        self.keeper(name, content)
        self.told.put_nowait(name)

    async def next(self) -> str:
        async with asyncio.timeout(10):
            return await self.told.get()

    async def kept(self, name: str) -> list[str]:
        await self.keeper.keep(name)
        return [version.what for version in await self.versions.all(name)]


@pytest.fixture
async def desk(tmp_path: Path, world: World) -> AsyncIterator[Desk]:
    (tmp_path / "a.cfg").write_text("name=a")
    (tmp_path / "b.cfg").write_text("name=b")
    desk = Desk(tmp_path, world)
    tasks = Tasks()
    desk.watch.start(tasks)
    await desk.definitions.refresh()
    assert [await desk.next(), await desk.next()] == ["a.cfg", "b.cfg"]
    yield desk
    await tasks.close()
    desk.watch.close()


async def test_only_the_file_that_changed_is_read_again(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "b.cfg").write_text("name=bee")
    assert await desk.next() == "b.cfg"
    assert desk.told.empty()
    assert [config.name for config, _ in desk.definitions.all()] == ["a", "bee"]


async def test_files_that_come_go_and_are_moved_are_noticed(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "c.new").write_text("name=c")
    (tmp_path / "c.new").rename(tmp_path / "c.cfg")
    assert await desk.next() == "c.cfg"
    (tmp_path / "d.cfg").symlink_to("a.cfg")
    assert await desk.next() == "d.cfg"
    assert await desk.kept("a.cfg") == ["first seen"]
    (tmp_path / "a.cfg").unlink()
    assert await desk.next() == "a.cfg"
    assert await desk.kept("a.cfg") == ["first seen", "removed outside of xend"]


async def test_versions_are_kept_once_and_in_order(desk: Desk, tmp_path: Path) -> None:
    assert await desk.kept("a.cfg") == ["first seen"]
    (tmp_path / "a.cfg").write_text("name=a disk=x")
    await desk.next()
    (tmp_path / "a.cfg").touch()
    await desk.definitions.refresh()
    assert await desk.kept("a.cfg") == ["first seen", "changed outside of xend"]
    assert await desk.versions.content("a.cfg", 1) == b"name=a"


async def test_without_a_watch_files_are_looked_at_when_somebody_asks(
    desk: Desk, tmp_path: Path, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    other = Desk(tmp_path / "missing", world)
    other.watch.start(Tasks())
    assert "is not watched: No such file" in caplog.text
    (tmp_path / "missing").mkdir()
    (tmp_path / "missing/x.cfg").write_text("name=x")
    await other.definitions.refresh()
    assert [config.name for config, _ in other.definitions.all()] == ["x"]
    other.watch.close()


@pytest.mark.parametrize(
    ("noticed", "others"), [(b"name=a", []), (b"name=new", []), (b"name=other", ["changed outside of xend"])]
)
async def test_what_xend_itself_writes_is_nobody_elses_change(desk: Desk, noticed: bytes, others: list[str]) -> None:
    assert await desk.kept("a.cfg") == ["first seen"]
    tasks = Tasks()
    tasks.start(desk.keeper.run(), name="keeper")
    async with asyncio.timeout(10):
        with desk.keeper.while_ours("a.cfg", b"name=a", b"name=new"):
            desk.keeper("a.cfg", noticed)
            while not await desk.versions.all("b.cfg"):  # noqa: ASYNC110 (nothing tells of it)
                await asyncio.sleep(0)
            await desk.versions.add("a.cfg", b"name=new", "root", "set name=new")
        while len(await desk.versions.all("a.cfg")) < 2 + len(others):  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert await desk.kept("a.cfg") == ["first seen", "set name=new", *others]
    await tasks.close()
