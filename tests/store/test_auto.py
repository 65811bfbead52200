"""The links in etc/xen/auto."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xenia.model.errors import XeniaError
from xenia.model.start_order import LAST
from xenia.store.auto import AutoFolder, Link, read_guest_file


@pytest.fixture
def folder(tmp_path: Path) -> AutoFolder:
    for name in ("web", "db"):
        (tmp_path / f"{name}.cfg").write_text(f"name = '{name}'\n")
    return AutoFolder(tmp_path / "auto")


def test_no_folder_has_no_links(folder: AutoFolder) -> None:
    assert folder.links() == ()
    assert folder.files() == frozenset()


def test_links_are_relative_and_their_numbers_count(folder: AutoFolder, tmp_path: Path) -> None:
    folder.add("web.cfg", str(tmp_path / "web.cfg"))
    folder.add("10-db.cfg", str(tmp_path / "db.cfg"))
    assert os.readlink(tmp_path / "auto/web.cfg") == "../web.cfg"  # noqa: PTH115
    links = folder.links()
    assert links == (Link("10-db.cfg", str(tmp_path / "db.cfg")), Link("web.cfg", str(tmp_path / "web.cfg")))
    assert [link.number for link in links] == [10, LAST]
    with pytest.raises(FileExistsError):
        folder.add("web.cfg", str(tmp_path / "db.cfg"))
    folder.remove("web.cfg")
    folder.remove("web.cfg")
    assert (tmp_path / "web.cfg").exists()
    assert [link.name for link in folder.links()] == ["10-db.cfg"]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("10-db.cfg", 10),
        ("007-db", 7),
        ("0-x", 0),
        ("10", LAST),
        ("10-", LAST),
        ("10db.cfg", LAST),
        ("1234567-x", LAST),
    ],
)
def test_what_counts_as_a_number(name: str, number: int) -> None:
    assert Link(name, "/x").number == number


def test_what_else_lies_there(folder: AutoFolder, tmp_path: Path) -> None:
    """What xendomains would start is seen: a file, a link without .cfg, one that leads nowhere or to a link."""
    auto = tmp_path / "auto"
    auto.mkdir()
    (auto / ".hidden").write_text("")
    (auto / "web.cfg~").write_text("")
    (auto / "file.cfg").write_text("name = 'f'\n")
    (auto / "lost").symlink_to("/nowhere/x.cfg")
    (auto / "round").symlink_to("round")
    (tmp_path / "real.cfg").symlink_to("web.cfg")
    (auto / "linked").symlink_to(tmp_path / "real.cfg")
    assert [(link.name, link.file, link.is_link) for link in folder.links()] == [
        ("file.cfg", str(auto / "file.cfg"), False),
        ("linked", str(tmp_path / "real.cfg"), True),
        ("lost", "/nowhere/x.cfg", True),
        ("round", str(auto / "round"), True),
    ]
    for file, error in (("/nowhere/x.cfg", OSError), (str(auto / "round"), OSError), (str(auto), XeniaError)):
        with pytest.raises(error):
            read_guest_file(file)


def test_what_they_lead_to_is_noticed_when_it_changes(folder: AutoFolder, tmp_path: Path) -> None:
    folder.add("web.cfg", str(tmp_path / "web.cfg"))
    assert folder.files() == {str(tmp_path / "web.cfg")}
    os.utime(tmp_path / "auto", ns=(1, 1))
    folder.add("db.cfg", str(tmp_path / "db.cfg"))
    assert folder.files() == {str(tmp_path / "web.cfg"), str(tmp_path / "db.cfg")}
