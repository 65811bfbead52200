"""The folder of guest files as bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xenia.model.errors import XeniaError
from xenia.store.folder import GuestFolder, etag_of, is_guest_file


@pytest.fixture
def folder(tmp_path: Path) -> GuestFolder:
    (tmp_path / "a.cfg").write_bytes(b"one")
    return GuestFolder(tmp_path)


async def test_a_file_is_replaced_in_one_step_and_keeps_its_permissions(folder: GuestFolder, tmp_path: Path) -> None:
    (tmp_path / "a.cfg").chmod(0o664)
    with (tmp_path / "a.cfg").open("rb") as reader:
        await folder.replace("a.cfg", b"two", expected=b"one")
        assert reader.read() == b"one", "who has it open sees no mixture"
    assert folder.read("a.cfg") == b"two"
    assert (tmp_path / "a.cfg").stat().st_mode & 0o777 == 0o664
    assert os.listdir(tmp_path) == ["a.cfg"]


async def test_a_file_that_is_not_as_expected_is_left(folder: GuestFolder, tmp_path: Path) -> None:
    for name, content, expected in (("a.cfg", b"x", b"other"), ("a.cfg", None, b"other"), ("b.cfg", b"x", b"gone")):
        with pytest.raises(XeniaError, match="was changed by somebody else"):
            await folder.replace(name, content, expected=expected)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.cfg": b"one"}


async def test_files_are_made_and_removed(folder: GuestFolder, tmp_path: Path) -> None:
    await folder.replace("b.cfg", b"x", expected=None)
    assert (tmp_path / "b.cfg").stat().st_mode & 0o777 == 0o600
    await folder.replace("a.cfg", None, expected=b"one")
    assert folder.names() == ["b.cfg"]
    assert folder.read_if_there("a.cfg") is None


async def test_a_write_that_fails_names_the_file(folder: GuestFolder, tmp_path: Path) -> None:
    (tmp_path / "dangling.cfg").symlink_to("nowhere/at/all")
    with pytest.raises(OSError, match="nowhere/at/all"):
        await folder.replace("dangling.cfg", b"x", expected=None)


def test_leftovers_of_a_killed_writer_are_removed_and_nothing_else(folder: GuestFolder, tmp_path: Path) -> None:
    for name in (".a.cfg.0123abcd", ".a.cfg.swp", "a.cfg~", ".hidden.cfg"):
        (tmp_path / name).touch()
    folder.remove_leftovers()
    assert sorted(os.listdir(tmp_path)) == [".a.cfg.swp", ".hidden.cfg", "a.cfg", "a.cfg~"]
    assert folder.names() == ["a.cfg"]


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert GuestFolder(tmp_path / "nothing").names() == []


@pytest.mark.parametrize("name", ["", ".cfg", "..cfg", "a", "a/b.cfg", "../a.cfg", "a.cfg.bak", "x" * 300 + ".cfg"])
def test_what_can_be_no_name_of_a_guest_file(name: str) -> None:
    assert not is_guest_file(name)


def test_an_etag_is_another_for_another_content() -> None:
    assert len({etag_of(b""), etag_of(b"a"), etag_of(b"a\n")}) == 3
