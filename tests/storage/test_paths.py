from __future__ import annotations

import os
from pathlib import Path

import pytest

from xenia.model.errors import ErrorKind, XeniaError
from xenia.storage.paths import Roots, find

pytestmark = pytest.mark.usefixtures("no_descriptor_leaks")


def refused(path: str, roots: Roots) -> XeniaError:
    with pytest.raises(XeniaError) as caught:
        find(path, roots)
    return caught.value


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "disk").write_bytes(b"d" * 512)
    (tmp_path / "secret").write_text("s")
    return folder


def test_a_file_under_the_roots_is_found_and_one_outside_is_denied(mine: Path) -> None:
    roots = Roots((str(mine),))
    with find(str(mine / "disk"), roots) as place:
        assert place.real == str(mine / "disk")
    assert refused(str(mine.parent / "secret"), roots).kind is ErrorKind.DENIED


def test_the_refusal_is_the_same_whether_the_file_exists_or_not(mine: Path) -> None:
    roots = Roots((str(mine),))
    there, absent = mine.parent / "secret", mine.parent / "absent"
    messages = [(refused(str(path), roots).message, refused(str(path), roots).hint) for path in (there, absent)]
    assert messages[0] == tuple(text.replace("absent", "secret") for text in messages[1] if text)


@pytest.mark.parametrize("target", ["secret", "absent", "secret/below", "absent/below"])
def test_a_link_out_of_the_roots_tells_nothing(mine: Path, target: str) -> None:
    (mine / "link").symlink_to(mine.parent / target)
    error = refused(str(mine / "link"), Roots((str(mine),)))
    assert error.kind is ErrorKind.DENIED
    assert "outside" in error.message


def test_a_link_that_stays_under_the_roots_is_followed(mine: Path) -> None:
    (mine / "link").symlink_to("disk")
    with find(str(mine / "link"), Roots((str(mine),))) as place:
        assert (place.path, place.real) == (str(mine / "link"), str(mine / "disk"))


def test_roots_may_be_links_themselves(mine: Path) -> None:
    (mine.parent / "images").symlink_to(mine)
    with find(str(mine.parent / "images/disk"), Roots((str(mine.parent / "images"),))) as place:
        assert place.real == str(mine / "disk")


def test_a_folder_whose_name_begins_like_a_root_is_outside(mine: Path) -> None:
    (mine.parent / "mine-too").write_text("x")
    assert refused(str(mine.parent / "mine-too"), Roots((str(mine),))).kind is ErrorKind.DENIED


def test_dots_do_not_lead_out(mine: Path) -> None:
    assert refused(f"{mine}/../secret", Roots((str(mine),))).kind is ErrorKind.DENIED


def test_no_roots_means_nothing(mine: Path) -> None:
    assert refused(str(mine / "disk"), Roots()).kind is ErrorKind.DENIED


def test_the_descriptors_of_xend_itself_are_out_of_reach(mine: Path) -> None:
    descriptor = os.open(mine.parent / "secret", os.O_RDONLY)
    try:
        assert refused(f"/proc/self/fd/{descriptor}", Roots((str(mine),))).kind is ErrorKind.DENIED
    finally:
        os.close(descriptor)


def test_a_missing_file_is_said_to_be_missing(mine: Path) -> None:
    error = refused(str(mine / "dsik"), Roots((str(mine),)))
    assert error.kind is ErrorKind.NOT_FOUND
    assert error.hint == f"look what is there: ls -l {mine}"


def test_relative_names_start_at_the_folder_of_the_guest_file(mine: Path) -> None:
    with find("disk", Roots((str(mine),), folder=str(mine))) as place:
        assert place.path == str(mine / "disk")
    assert refused("disk", Roots(unrestricted=True)).kind is ErrorKind.INVALID


@pytest.mark.parametrize("path", ["/x\0y", "/" + "n" * 300, "/etc/passwd/x", "/\udcff\ud800"])
@pytest.mark.parametrize("unrestricted", [True, False])
def test_impossible_names_are_refused_with_words(path: str, unrestricted: bool) -> None:
    error = refused(path, Roots(("/nowhere",), unrestricted=unrestricted))
    assert error.kind in (ErrorKind.INVALID, ErrorKind.DENIED, ErrorKind.NOT_FOUND)


def test_links_in_a_circle_are_refused(mine: Path) -> None:
    (mine / "a").symlink_to("b")
    (mine / "b").symlink_to("a")
    assert refused(str(mine / "a"), Roots(unrestricted=True)).kind is ErrorKind.INVALID


def test_a_star_stands_for_the_only_file_it_matches(mine: Path) -> None:
    (mine / "ucs_2.3-0-1-dvd-amd64.iso").write_text("iso")
    with find(str(mine / "ucs_2.3-0-*-dvd-amd64.iso"), Roots((str(mine),))) as place:
        assert place.path == str(mine / "ucs_2.3-0-1-dvd-amd64.iso")
        assert "the only file it matches" in place.note


def test_a_star_that_matches_several_files_or_none_is_refused(mine: Path) -> None:
    (mine / "1.iso").touch()
    (mine / "2.iso").touch()
    roots = Roots((str(mine),))
    several = refused(str(mine / "*.iso"), roots)
    assert (several.kind, "1.iso" in several.message) == (ErrorKind.INVALID, True)
    assert refused(str(mine / "*.img"), roots).kind is ErrorKind.NOT_FOUND


def test_a_star_is_a_letter_where_a_file_has_it_in_its_name(mine: Path) -> None:
    (mine / "a*").touch()
    (mine / "ab").touch()
    with find(str(mine / "a*"), Roots((str(mine),))) as place:
        assert (place.path, place.note) == (str(mine / "a*"), "")


def test_a_star_outside_the_roots_lists_nothing(mine: Path) -> None:
    assert refused(str(mine.parent / "sec*"), Roots((str(mine),))).kind is ErrorKind.DENIED


def test_a_star_that_matches_a_link_out_of_the_roots_is_denied(mine: Path) -> None:
    (mine / "way-out").symlink_to(mine.parent / "secret")
    assert refused(str(mine / "way-*"), Roots((str(mine),))).kind is ErrorKind.DENIED


def test_what_was_judged_is_what_is_opened(mine: Path) -> None:
    """The path is exchanged for a link to the secret after it was judged."""
    with find(str(mine / "disk"), Roots((str(mine),))) as place:
        (mine / "disk").rename(mine / "old")
        (mine / "disk").symlink_to(mine.parent / "secret")
        descriptor = place.open(write=True)
    try:
        assert os.pread(descriptor, 1, 0) == b"d"
        assert not os.get_inheritable(descriptor)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("unrestricted", [True, False])
def test_no_error_carries_an_escape_sequence_of_a_path_to_a_terminal(mine: Path, unrestricted: bool) -> None:
    error = refused(f"{mine}/\x1b[31mred\n", Roots(("/nowhere",), unrestricted=unrestricted))
    assert error.message.isprintable()
    assert (error.hint or "").isprintable()
