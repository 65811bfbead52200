"""The kernel tells what happens in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from xenia.lib.inotify import CLOSE_WRITE, DELETE, IGNORED, MOVED_FROM, MOVED_TO, Inotify


@pytest.fixture
def watch(tmp_path: Path):
    inotify = Inotify(tmp_path, CLOSE_WRITE | DELETE | MOVED_FROM | MOVED_TO)
    yield inotify
    inotify.close()


def test_what_happens_is_told_in_order_and_once(watch: Inotify, tmp_path: Path) -> None:
    assert watch.read() == []
    (tmp_path / "ä").write_text("x")
    (tmp_path / "ä").rename(tmp_path / "b")
    (tmp_path / "b").unlink()
    told = [(each.mask, each.name) for each in watch.read()]
    assert told == [(CLOSE_WRITE, "ä"), (MOVED_FROM, "ä"), (MOVED_TO, "b"), (DELETE, "b")]
    assert watch.read() == []


def test_the_end_of_the_folder_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    inotify = Inotify(folder, CLOSE_WRITE)
    folder.rmdir()
    assert any(each.mask & IGNORED for each in inotify.read())
    inotify.close()


@pytest.mark.parametrize("name", ["nothing", "file"])
def test_what_is_no_folder_is_refused_with_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=name):
        Inotify(tmp_path / name, CLOSE_WRITE)
