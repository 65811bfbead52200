"""xend as a process, on the simulated engine."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.api import get

LIMIT = 60
"""Seconds until a xend that hangs fails a test."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "r"


@contextmanager
def xend(root: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A xend that is ready, told so by itself; killed at the end where it still runs."""
    readiness = root.parent / "ready"
    readiness.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(os.fspath(readiness))
        manager.settimeout(LIMIT)
        with start(root, *arguments, NOTIFY_SOCKET=os.fspath(readiness)) as process:
            try:
                assert manager.recv(100) == b"READY=1"
                yield process
            finally:
                process.kill()


AS_ANOTHER_USER = """
import os, sys
from xenia.daemon.main import main
os.setgroups([])
os.setgid(int(sys.argv[1]))
os.setuid(int(sys.argv[1]))
sys.exit(main(sys.argv[2:]))
"""
"""xend as a user who need not be able to look into the folders of this checkout and of its Python."""


def start(root: Path, *arguments: str, user: int | None = None, **environment: str) -> subprocess.Popen[str]:
    program = ["-m", "xenia.daemon.main"] if user is None else ["-c", AS_ANOTHER_USER, str(user)]
    return subprocess.Popen(
        [sys.executable, *program, "--root", os.fspath(root), *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def fails(root: Path, *arguments: str, user: int | None = None) -> tuple[int, str]:
    """Exit code and stderr of a xend that does not come up."""
    with start(root, *arguments, user=user) as process:
        _, said = process.communicate(timeout=LIMIT)
    assert "Traceback" not in said
    return process.returncode, said


def answer(root: Path, path: str) -> dict[str, object]:
    status, body = get(root / "run/xenia/xend.sock", path)
    assert status == 200
    members: dict[str, object] = json.loads(body)
    return members


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_serves_until_a_signal_ends_it(root: Path, number: signal.Signals) -> None:
    with xend(root, "--engine", "simulated") as process:
        about = answer(root, "/v1/host")["xend"]
        assert isinstance(about, dict)
        assert (about["pid"], about["root"]) == (process.pid, str(root))
        process.send_signal(number)
        _, said = process.communicate(timeout=LIMIT)
        assert process.returncode == 0
    assert not (root / "run/xenia/xend.sock").exists()
    assert "xend is ready" in said
    assert "xend is stopping" in (root / "var/log/xenia/xend.log").read_text()


def test_a_killed_one_leaves_nothing_in_the_way_of_the_next(root: Path) -> None:
    with xend(root, "--engine", "simulated") as process:
        process.kill()
        process.wait(LIMIT)
    with xend(root, "--engine", "simulated"):
        assert answer(root, "/v1/domains")


def test_a_second_one_is_refused_with_the_first_ones_number(root: Path) -> None:
    with xend(root, "--engine", "simulated") as process:
        code, said = fails(root, "--engine", "simulated")
        assert (code, f"process {process.pid}" in said) == (5, True)
        assert answer(root, "/v1/domains")


def test_settings_that_cannot_be_used_are_said_before_anything_happens(root: Path) -> None:
    (root / "etc/xen").mkdir(parents=True)
    (root / "etc/xen/xend.toml").write_text("engine = 5\n")
    code, said = fails(root)
    assert code == 1
    assert said.startswith(f"xend: {root}/etc/xen/xend.toml:1: engine must be")
    assert not (root / "run").exists()


def test_a_root_with_a_path_too_long_is_refused(root: Path) -> None:
    code, said = fails(root / ("x" * 100))
    assert (code, "too long" in said, "--root DIR" in said) == (1, True, True)


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_root_that_is_no_folder_is_said_so(root: Path, name: str) -> None:
    root.mkdir()
    (root / "file").touch()
    code, said = fails(root / name)
    assert (code, "cannot use" in said, str(root / "file") in said) == (1, True, True)


def test_a_wrong_option_is_usage() -> None:
    code, said = fails(Path("/nowhere"), "--engine", "bochs")
    assert (code, "simulated" in said) == (2, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming somebody else needs root")
def test_an_ordinary_user_on_the_hosts_own_root_is_told_what_to_do() -> None:
    code, said = fails(Path("/"), user=54321)
    assert (code, "Permission denied" in said, "root folder of your own" in said) == (4, True, True), said


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming somebody else needs root")
def test_settings_that_may_not_be_read_are_said_so(root: Path) -> None:
    (root / "etc/xen").mkdir(parents=True)
    (root / "etc/xen/xend.toml").touch(mode=0o600)
    code, said = fails(root, user=54321)
    assert (code, "xend.toml cannot be read: Permission denied" in said) == (4, True), said
