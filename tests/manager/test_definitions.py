"""What lies in the folder of guest files, and what it costs."""

import asyncio
import os
from pathlib import Path

import pytest
from tests.support.world import read_plain

from xenia.guestfile.text import LIMIT
from xenia.lib.aio import Tasks
from xenia.manager.definitions import Definitions
from xenia.model.errors import invalid
from xenia.store.folder import GuestFolder


class Reader:
    """Remembers what it read. At the file named `slow.cfg` it sets `arrived` and waits for `gate`."""

    def __init__(self):
        self.read = []
        self.arrived = asyncio.Event()
        self.gate = asyncio.Event()

    async def __call__(self, text, file, overrides):
        self.read.append(Path(file).name)
        if self.read[-1] == "slow.cfg":
            self.arrived.set()
            await self.gate.wait()
        if text == "endless":
            raise invalid("it took too long")
        return await read_plain(text, file, overrides)


@pytest.fixture
def reader():
    return Reader()


@pytest.fixture
def definitions(tmp_path, reader):
    (tmp_path / "good.cfg").write_text("name=good")
    return Definitions(GuestFolder(tmp_path), reader, lambda name, content: None)


def names(definitions):
    return [config.name for config, _ in definitions.all()]


async def test_what_is_no_file_is_passed_over_and_never_waited_for(tmp_path, definitions, reader):
    os.mkfifo(tmp_path / "pipe.cfg")
    (tmp_path / "folder.cfg").mkdir()
    (tmp_path / "dangling.cfg").symlink_to("nothing")
    (tmp_path / "ring.cfg").symlink_to("ring.cfg")
    (tmp_path / "zero.cfg").symlink_to("/dev/zero")
    (tmp_path / "long.cfg").write_bytes(b"#" * (LIMIT + 1))
    async with asyncio.timeout(10):
        await definitions.refresh()
    assert names(definitions) == ["good"]
    assert reader.read == ["good.cfg"]


async def test_a_file_that_cannot_be_used_costs_only_once_and_is_told_once(tmp_path, definitions, reader, caplog):
    (tmp_path / "endless.cfg").write_text("endless")
    (tmp_path / "dangling.cfg").symlink_to("nothing")
    with caplog.at_level("INFO"):
        await definitions.refresh()
        await definitions.refresh()
    assert sorted(reader.read) == ["endless.cfg", "good.cfg"]
    assert len(caplog.records) == 2


async def test_a_link_that_came_to_lead_somewhere_is_read(tmp_path, definitions):
    (tmp_path / "link.cfg").symlink_to("target")
    await definitions.refresh()
    (tmp_path / "target").write_text("name=late")
    await definitions.refresh()
    assert names(definitions) == ["good", "late"]


async def test_a_file_that_is_gone_defines_nothing(tmp_path, definitions):
    await definitions.refresh()
    (tmp_path / "good.cfg").unlink()
    await definitions.refresh()
    assert names(definitions) == []


async def test_a_slow_file_is_read_once_for_all_who_ask(tmp_path, definitions, reader):
    (tmp_path / "slow.cfg").write_text("name=slow")
    tasks = Tasks()
    asked = [tasks.start(definitions.refresh(), name="asks") for _ in range(3)]
    await reader.arrived.wait()
    reader.gate.set()
    await asyncio.gather(*asked)
    assert reader.read == ["good.cfg", "slow.cfg"]


async def test_what_was_read_is_kept_when_the_one_who_asked_stops_waiting(tmp_path, definitions, reader):
    (tmp_path / "slow.cfg").write_text("name=slow")
    task = Tasks().start(definitions.refresh(), name="asks")
    await reader.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    reader.gate.set()
    await definitions.refresh()
    assert reader.read == ["good.cfg", "slow.cfg", "slow.cfg"]
    assert names(definitions) == ["good", "slow"]


async def test_a_file_name_that_is_no_utf_8_is_logged_without_harm(tmp_path, definitions, caplog):
    (tmp_path / os.fsdecode(b"\xff\x1b.cfg")).write_text("endless")
    with caplog.at_level("INFO"):
        await definitions.refresh()
    caplog.text.encode()
    assert "\x1b" not in caplog.text
