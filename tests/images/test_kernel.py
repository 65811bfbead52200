import os
import subprocess
from pathlib import Path

import pytest

from xenia.images.kernel import MODULES, cloud_kernel, default_cache
from xenia.model.errors import ErrorKind, XeniaError

NEW, OLD = "6.10.0-2-cloud-amd64", "6.9.0-12-cloud-amd64"


@pytest.fixture
def host(tmp_path, module_tree):
    """A function that installs kernels on a made-up host and gives where they lie."""

    def install(*versions):
        boot, lib = tmp_path / "boot", tmp_path / "lib"
        boot.mkdir(exist_ok=True)
        for version in versions:
            (boot / f"vmlinuz-{version}").write_bytes(f"kernel {version}".encode())
            module_tree(lib / version, dict.fromkeys(MODULES, ""))
        return {"boot": boot, "lib": lib}

    return install


@pytest.fixture
def apt(tmp_path, monkeypatch):
    """A function that puts commands of a made-up apt first in PATH: shell text by name."""

    def provide(**commands):
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        for name, text in commands.items():
            path = folder / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\necho {name} $* >>{tmp_path}/asked\n{text}\n")
            path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    return provide


def test_the_newest_kernel_of_the_host_is_used(tmp_path, host):
    kernel = cloud_kernel(tmp_path / "cache", **host(OLD, NEW))
    assert kernel.version == NEW
    assert kernel.image.read_bytes() == f"kernel {NEW}".encode()
    assert [path.name.partition("-")[2] for path in sorted(kernel.modules.iterdir())] == [
        f"{name}.ko" for name in MODULES
    ]


def test_a_kernel_without_its_modules_is_passed_over(tmp_path, host):
    places = host(OLD, NEW)
    next(places["lib"].joinpath(NEW).rglob("virtio_blk.ko*")).unlink()
    assert cloud_kernel(tmp_path / "cache", **places).version == OLD


def test_what_was_kept_is_used_without_looking_further(tmp_path, host):
    cache = tmp_path / "cache"
    first = cloud_kernel(cache, **host(OLD))
    nothing = tmp_path / "nothing"
    assert cloud_kernel(cache, boot=nothing, lib=nothing) == first


PACKAGE = f"""
mkdir -p tree/boot tree/usr/lib/modules tree/DEBIAN
cp $KERNELS/boot/vmlinuz-{NEW} tree/boot/
cp -r $KERNELS/lib/{NEW} tree/usr/lib/modules/
printf '%s\\n' 'Package: k' 'Version: 1' 'Architecture: amd64' 'Maintainer: x' 'Description: x' >tree/DEBIAN/control
dpkg-deb -b tree linux-image-{NEW}_1_amd64.deb && rm -r tree
"""
SHOW = f"echo 'Depends: linux-image-{NEW} (= 6.10-1)'"


def test_a_package_is_fetched_when_the_host_has_none(tmp_path, host, apt, monkeypatch):
    host(NEW)
    monkeypatch.setenv("KERNELS", str(tmp_path))
    apt(apt_cache=SHOW, apt_get=PACKAGE)
    nothing = tmp_path / "nothing"
    kernel = cloud_kernel(tmp_path / "cache", boot=nothing, lib=nothing)
    assert kernel.version == NEW
    assert len(list(kernel.modules.iterdir())) == len(MODULES)
    assert [path.name for path in (tmp_path / "cache/kernel").iterdir() if path.name.startswith(".")] == []


def test_missing_package_lists_are_fetched_without_root(tmp_path, host, apt, monkeypatch):
    host(NEW)
    monkeypatch.setenv("KERNELS", str(tmp_path))
    apt(
        apt_cache=f'case $* in *State::lists*) {SHOW} ;; *) echo "E: No packages found" >&2; exit 100 ;; esac',
        apt_get=f"case $* in *update) ;; *) {PACKAGE} ;; esac",
    )
    nothing = tmp_path / "nothing"
    assert cloud_kernel(tmp_path / "cache", boot=nothing, lib=nothing).version == NEW
    assert "update" in (tmp_path / "asked").read_text()


def test_a_failed_fetch_says_what_apt_said_and_leaves_nothing(tmp_path, apt):
    apt(apt_cache=SHOW, apt_get="echo 'E: Failed to fetch: no route' >&2; exit 100")
    nothing = tmp_path / "nothing"
    with pytest.raises(XeniaError, match="cannot fetch Debian's package lists: E: Failed to fetch: no route") as raised:
        cloud_kernel(tmp_path / "cache", boot=nothing, lib=nothing)
    assert raised.value.kind is ErrorKind.UNAVAILABLE
    assert "apt-get install linux-image-cloud-amd64" in raised.value.hint
    assert sorted(path.name for path in (tmp_path / "cache/kernel").iterdir()) == ["apt", "lock"]


def test_a_host_without_apt_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    nothing = tmp_path / "nothing"
    with pytest.raises(XeniaError, match="there is no apt-get on this host"):
        cloud_kernel(tmp_path / "cache", boot=nothing, lib=nothing)


def test_several_processes_may_ask_at_once(tmp_path, host):
    host(NEW)
    code = (
        "import sys; from pathlib import Path; from xenia.images.kernel import cloud_kernel\n"
        "b = Path(sys.argv[1]); print(cloud_kernel(b / 'cache', boot=b / 'boot', lib=b / 'lib').image)"
    )
    asked = [
        subprocess.Popen([os.sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    answers = {process.communicate(timeout=30)[0].strip() for process in asked}
    assert len(answers) == 1
    assert Path(answers.pop()).is_file()


@pytest.mark.parametrize(
    ("value", "expected"), [("/x", "/x/xenia"), ("", "/h/.cache/xenia"), ("rel", "/h/.cache/xenia")]
)
def test_the_cache_is_where_the_desktop_standard_says(monkeypatch, value, expected):
    monkeypatch.setenv("HOME", "/h")
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    assert str(default_cache()) == expected
