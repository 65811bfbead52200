import gzip
import stat
import subprocess

import pytest

from xenia.images import initrd


def unpack(archive, folder):
    """By busybox's cpio, which knows nothing of ours."""
    subprocess.run(["busybox", "cpio", "-id"], input=archive, cwd=folder, check=True, capture_output=True)


def test_another_program_unpacks_what_was_packed(tmp_path):
    entries = [
        initrd.folder("a", 0o750),
        initrd.folder("a/b"),
        initrd.file("a/b/odd", b"x" * 4097, 0o600),
        initrd.file("a/empty", b""),
        initrd.file("a/program", b"#!/bin/sh\n", 0o755),
        initrd.link("a/link", "b/odd"),
        initrd.file("ümlaut with blank", b"1"),
    ]
    unpack(initrd.write_cpio(entries), tmp_path)
    assert (tmp_path / "a/b/odd").read_bytes() == b"x" * 4097
    assert stat.S_IMODE((tmp_path / "a/b/odd").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a/program").stat().st_mode) == 0o755
    assert (tmp_path / "a/empty").read_bytes() == b""
    assert str((tmp_path / "a/link").readlink()) == "b/odd"
    assert (tmp_path / "ümlaut with blank").read_bytes() == b"1"


def test_a_device_keeps_its_numbers():
    archive = initrd.write_cpio([initrd.character_device("dev-console", 5, 1)])
    listed = subprocess.run(["busybox", "cpio", "-tv"], input=archive, check=True, capture_output=True).stdout
    assert listed.startswith(b"crw-------")
    assert b"dev-console" in listed
    assert (b"%08X" % 5 + b"%08X" % 1) in archive


def test_the_same_entries_give_the_same_bytes():
    entries = [initrd.folder("x"), initrd.file("x/y", b"z")]
    assert initrd.write_initrd(entries) == initrd.write_initrd(entries)
    assert gzip.decompress(initrd.write_initrd(entries)) == initrd.write_cpio(entries)


@pytest.mark.parametrize("name", ["", "/etc", "a//b", "../x", "a/../b", "./a", "a/", "a\0b"])
def test_a_name_that_leaves_the_archive_is_refused(name):
    with pytest.raises(ValueError, match="not a path"):
        initrd.write_cpio([initrd.file(name, b"")])


def test_a_name_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        initrd.write_cpio([initrd.file("a", b"1"), initrd.file("a", b"2")])
