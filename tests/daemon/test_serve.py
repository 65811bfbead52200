"""The socket: who may use it, and where it may lie."""

import grp
import os
import socket
import stat
from pathlib import Path

import pytest

from xenia.daemon.serve import LONGEST_PATH, check_length, listen
from xenia.lib.notify import notify
from xenia.lib.only_one import Taken, only_one
from xenia.model.errors import XeniaError

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="giving a file to a group needs root")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_without_the_group_only_its_own_user_may_use_it(tmp_path: Path) -> None:
    with listen(tmp_path / "s", "no-such-group"):
        assert mode(tmp_path / "s") == 0o600


@root_only
def test_as_root_the_group_may_use_it(tmp_path: Path) -> None:
    group = grp.getgrgid(os.getgid())
    with listen(tmp_path / "s", "daemon"):
        assert mode(tmp_path / "s") == 0o660
        assert (tmp_path / "s").stat().st_gid == grp.getgrnam("daemon").gr_gid
    assert group.gr_gid == os.getgid()


def test_a_socket_left_behind_is_replaced(tmp_path: Path) -> None:
    listen(tmp_path / "s", "no-such-group").close()
    with listen(tmp_path / "s", "no-such-group") as listener, socket.socket(socket.AF_UNIX) as client:
        listener.listen()
        client.connect(os.fspath(tmp_path / "s"))


def test_a_path_that_no_client_could_name_is_refused_early() -> None:
    check_length(Path("/" + "x" * (LONGEST_PATH - 1)))
    with pytest.raises(XeniaError, match="too long") as caught:
        check_length(Path("/" + "é" * (LONGEST_PATH // 2 + 1)))
    assert "--root" in (caught.value.hint or "")


def test_a_second_one_is_told_who_is_first(tmp_path: Path) -> None:
    with only_one(tmp_path / "lock"):
        with pytest.raises(Taken, match=f"process {os.getpid()}"), only_one(tmp_path / "lock"):
            pass
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
    with only_one(tmp_path / "lock"):
        pass


@pytest.mark.parametrize("abstract", [False, True])
def test_a_service_manager_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool) -> None:
    name = f"@xenia-test-{os.getpid()}" if abstract else str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0", 1))
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        notify("READY=1")
        assert manager.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "nonsense", "/no/such/socket", "@"])
def test_without_a_service_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify("READY=1")
