"""A core has no name until it is whole."""

import os
import re
from types import SimpleNamespace

import pytest

from xenia.model.errors import ErrorKind, XeniaError
from xenia.storage.core_file import MIB, CoreFiles


def test_it_gets_its_name_at_the_end_and_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "web.core"
    with CoreFiles().open(path, MIB) as core:
        os.write(core, b"memory")
        assert list(tmp_path.iterdir()) == []
    assert path.read_bytes() == b"memory"
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_fails_leaves_nothing(tmp_path):
    with pytest.raises(OSError, match="full"), CoreFiles().open(tmp_path / "web.core", MIB):
        raise OSError("full")
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_overwritten_neither_one_that_is_there_nor_one_that_comes(tmp_path):
    path = tmp_path / "web.core"
    with pytest.raises(XeniaError, match=re.escape(f"there is a file {path} already")), CoreFiles().open(path, MIB):
        path.write_text("mine")
    assert path.read_text() == "mine"
    with pytest.raises(XeniaError) as raised, CoreFiles().open(path, MIB):
        pass
    assert raised.value.kind is ErrorKind.CONFLICT
    path.unlink()
    path.symlink_to("/etc/shadow")
    with pytest.raises(XeniaError, match="already"), CoreFiles().open(path, MIB):
        pass


def test_what_does_not_fit_is_refused_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=1000, f_frsize=MIB))
    words = f"the core would have 937 MiB, and {tmp_path} has 1000 MiB free"
    with (
        pytest.raises(XeniaError, match=re.escape(words)) as raised,
        CoreFiles().open(tmp_path / "web.core", 937 * MIB),
    ):
        pass
    assert raised.value.kind is ErrorKind.UNAVAILABLE
    with CoreFiles().open(tmp_path / "web.core", 936 * MIB):
        pass


@pytest.mark.parametrize("folder", ["missing", "file"])
def test_a_folder_that_cannot_hold_it_is_named(tmp_path, folder):
    (tmp_path / "file").write_text("")
    path = tmp_path / folder / "web.core"
    with (
        pytest.raises(XeniaError, match=re.escape(f"no core can be written to the folder {path.parent}: ")) as raised,
        CoreFiles().open(path, 0),
    ):
        pass
    assert raised.value.kind is ErrorKind.UNAVAILABLE


def test_the_dump_folder_is_closed_to_others(tmp_path):
    for _ in range(2):
        CoreFiles().make_folder(tmp_path / "a/dump")
    assert (tmp_path / "a/dump").stat().st_mode & 0o777 == 0o700
