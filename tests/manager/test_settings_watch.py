"""Files that give settings their values are watched."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from xenia.manager.settings_watch import SettingsWatch


class Count:
    """`next` waits until it was called once more."""

    def __init__(self) -> None:
        self.calls: asyncio.Queue[None] = asyncio.Queue()

    async def __call__(self) -> None:
        self.calls.put_nowait(None)

    async def next(self) -> None:
        async with asyncio.timeout(10):
            await self.calls.get()


@pytest.fixture
async def count(tmp_path: Path) -> AsyncIterator[Count]:
    (tmp_path / "xen").mkdir()
    (tmp_path / "univention").mkdir()
    count = Count()
    names = ("xen/xend.toml", "xen/ucr.conf", "univention/base.conf", "nowhere/base.conf")
    watch = SettingsWatch([tmp_path / name for name in names], count, settle=0)
    watch.start()
    yield count
    await watch.close()


async def test_each_of_them_counts_and_nothing_beside_them(count: Count, tmp_path: Path) -> None:
    (tmp_path / "xen/xend.toml").write_text("a")
    await count.next()
    (tmp_path / "xen/.new").write_text("a")
    (tmp_path / "xen/web.cfg").write_text("a")
    (tmp_path / "univention/base.conf.temp").write_text("a")
    (tmp_path / "univention/base.conf.temp").rename(tmp_path / "univention/base.conf")
    await count.next()
    (tmp_path / "univention/base.conf").unlink()
    await count.next()
    assert count.calls.empty()


async def test_a_folder_that_goes_is_one_change_and_the_others_are_still_watched(count: Count, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "univention")
    await count.next()
    (tmp_path / "xen/ucr.conf").write_text("a")
    await count.next()
