import ast
import gzip
import json
import os
import subprocess
import sys

import pytest

from xenia.images import demo
from xenia.images.kernel import MODULES
from xenia.model.errors import ErrorKind, XeniaError


@pytest.fixture
def cache(tmp_path, module_tree, monkeypatch):
    """A cache that holds a made-up kernel."""
    version = "6.1.0-1-cloud-amd64"
    boot, lib = tmp_path / "boot", tmp_path / "lib"
    boot.mkdir()
    (boot / f"vmlinuz-{version}").write_bytes(b"a kernel")
    module_tree(lib / version, dict.fromkeys(MODULES, ""))
    cache = tmp_path / "cache"
    demo.cloud_kernel(cache, boot=boot, lib=lib)
    return cache


def values(path):
    """What Python makes of a guest file of plain assignments."""
    tree = ast.parse(path.read_text())
    return {node.targets[0].id: ast.literal_eval(node.value) for node in tree.body}


def test_the_guest_file_names_what_was_made(tmp_path, cache):
    guest = demo.make(tmp_path / "guest", name="web", cache=cache, memory=160)
    read = values(guest.file)
    assert read["name"] == "web"
    assert read["memory"] == 160
    assert read["kernel"] == str(guest.kernel)
    assert read["ramdisk"] == str(guest.ramdisk)
    assert read["disk"] == [f"tap:qcow2:{guest.disk},xvda,w"]
    assert guest.kernel.read_bytes() == b"a kernel"
    assert gzip.decompress(guest.ramdisk.read_bytes()).startswith(b"070701")
    described = subprocess.run(["qemu-img", "info", "--output=json", guest.disk], capture_output=True, check=True)
    assert json.loads(described.stdout)["virtual-size"] == 256 * 1024 * 1024


def test_made_again_nothing_is_touched(tmp_path, cache):
    first = demo.make(tmp_path, cache=cache)
    first.file.write_text("name = 'edited'\n")
    before = {path: path.stat().st_mtime_ns for path in (first.file, first.kernel, first.ramdisk, first.disk)}
    assert demo.make(tmp_path, cache=cache) == first
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_guest_file_may_lie_elsewhere(tmp_path, cache):
    guest = demo.make(tmp_path / "images", file=tmp_path / "etc/xen/demo.cfg", cache=cache)
    assert values(tmp_path / "etc/xen/demo.cfg")["kernel"] == str(tmp_path / "images/vmlinuz")
    assert guest.marker == "xenia: guest demo is up"


@pytest.mark.parametrize("name", ["", "a b", "a/b", "-x", "ä", "x" * 64, "a'b", 'a"b', "a\nb"])
def test_a_name_that_is_none_is_refused(tmp_path, name):
    with pytest.raises(XeniaError, match="not a name") as raised:
        demo.make(tmp_path, name=name)
    assert raised.value.kind is ErrorKind.INVALID
    assert list(tmp_path.iterdir()) == []


def test_a_busybox_that_needs_libraries_is_refused(tmp_path, cache, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "busybox").symlink_to(os.path.realpath(sys.executable))
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(XeniaError, match="statically linked busybox") as raised:
        demo.make(tmp_path / "guest", cache=cache)
    assert "busybox-static" in raised.value.hint


def test_a_missing_qemu_img_is_said(tmp_path, cache, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "busybox").symlink_to("/bin/busybox")
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(XeniaError, match="no qemu-img") as raised:
        demo.make(tmp_path / "guest", cache=cache)
    assert "qemu-utils" in raised.value.hint


def test_a_folder_that_cannot_be_is_said(tmp_path, cache):
    (tmp_path / "file").write_text("")
    with pytest.raises(XeniaError, match="cannot write the small guest"):
        demo.make(tmp_path / "file/guest", cache=cache)


def test_the_command_prints_the_guest_file(tmp_path, cache, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["demo", str(tmp_path / "g"), "--name", "one"])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "xenia").symlink_to(cache)
    assert demo.main() == 0
    assert capsys.readouterr().out == f"{tmp_path}/g/one.cfg\n"


def test_the_command_says_errors_without_a_traceback(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["demo", str(tmp_path), "--name", "a b"])
    assert demo.main() == 1
    assert capsys.readouterr().err.startswith("error: not a name for a guest: 'a b'\nhint: ")
