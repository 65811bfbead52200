"""xend is killed, or something fails, at every step of a disk's move, and one image is the disk's: everywhere the same.

Images and guest files lie on a real file system.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.world import ROOT, Killed, World, read_really

from xenia.lib.aio import Tasks
from xenia.manager.manager import Manager
from xenia.model.domain import Started, State
from xenia.model.job import JobState
from xenia.model.request import CreateRequest

pytestmark = pytest.mark.crash

MIB = 1 << 20


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Place:
    """A world with a guest `a`, whose disk is `old/disk.img`."""

    def __init__(self, folder: Path) -> None:
        self.images, self.etc = folder / "images", folder / "etc"
        for each in (self.images / "old", self.images / "new", self.etc):
            each.mkdir(parents=True)
        self.old, self.new = self.images / "old/disk.img", self.images / "new/disk.img"
        self.old.write_bytes(bytes(MIB))
        self.file = self.etc / "a.cfg"
        self.file.write_text(f"name = 'a'\ndisk = ['file:{self.old},xvda,w', 'file:/other,xvdb,r']\n")
        self.started: Started | None = None
        """As it is written down in the end."""
        self.world = World(folder=self.etc, image_roots=(str(self.images),), read=read_really)

    async def start(self, manager: Manager) -> None:
        await manager.start()
        asked = CreateRequest(self.file.read_text(), str(self.file))
        job = await manager.wait(manager.create(asked, ROOT).id, 10)
        assert job.state is JobState.DONE, job

    async def move(self, manager: Manager, *, delete: bool) -> bool:
        job = manager.moves.move("a", "xvda", str(self.new), ROOT, delete=delete)
        while (job := await manager.wait(job.id, 0.001)).state is JobState.RUNNING and not self.world.dead:  # noqa: ASYNC110
            await asyncio.sleep(0)
        return job.state is JobState.DONE

    def is_whole(self, *, deleted: bool) -> str:
        """Which image it is, by all who say so: what runs, what is written down, the guest file, the files."""
        assert not self.world.host.violations
        started = self.started
        assert started is not None
        (guest,) = self.world.host.guests.values()
        assert guest.state is State.RUNNING
        assert started.moving is None
        assert [disk.target for disk in started.config.disks] == ["xvda", "xvdb"]
        path = started.config.disks[0].path
        assert guest.disks["xvda"] == path
        assert not guest.copies
        assert f"{path}" in self.file.read_text()
        assert self.file.read_text().index("xvda") < self.file.read_text().index("xvdb")
        assert Path(path).exists()
        assert path in (str(self.old), str(self.new))
        if path == str(self.old):
            assert not self.new.exists()
        elif not deleted:
            assert self.old.exists()
        assert not [each for each in self.new.parent.iterdir() if each != self.new]
        return path


async def _day(place: Place, *, delete: bool, die: int | None = None, fail: int | None = None) -> tuple[bool, int]:
    """Whether the move was done, and how many steps it took; then another xend has come up."""
    world = place.world
    manager = world.boot()
    await place.start(manager)
    before = world.steps
    world.die_at = before + die if die is not None else None
    world.fail_at = before + fail if fail is not None else None
    done = await place.move(manager, delete=delete)
    taken = world.steps - before
    world.die_at = world.fail_at = None
    if world.dead:
        await _end(manager)
        manager = world.boot()
        await manager.start()
    place.started = manager.inventory.started("a")
    await manager.close()
    return done, taken


async def _end(manager: Manager) -> None:
    """What is left of a dead xend in this process."""
    tasks = Tasks()
    task = tasks.start(manager.close(), name="end of a dead xend")
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()


@pytest.mark.parametrize("delete", [False, True], ids=["kept", "deleted"])
@pytest.mark.parametrize("how", ["die", "fail"])
def test_every_place(tmp_path: Path, how: str, delete: bool) -> None:
    place = Place(tmp_path / "whole")
    done, steps = asyncio.run(_day(place, delete=delete))
    assert done
    assert place.is_whole(deleted=delete) == str(place.new)
    assert place.old.exists() is not delete
    seen = set()
    for step in range(1, steps + 1):
        place = Place(tmp_path / f"{how}{step}")
        try:
            done, _ = asyncio.run(_day(place, delete=delete, **{how: step}))
            path = place.is_whole(deleted=delete)
            assert path == str(place.new) or not done
        except Killed:
            pytest.fail(f"step {step} was not got over")
        except BaseException as error:
            error.add_note(f"step {step} of {steps}")
            raise
        seen.add(Path(path).parent.name)
    assert seen == {"old", "new"}
