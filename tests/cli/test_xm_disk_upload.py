"""xm disk upload: what is sent, what is said of it, and what a Ctrl-C does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, WebSocket, job, problem

Start = Callable[..., "subprocess.Popen[bytes]"]

MADE = {
    "image": {"path": "/i/debian.iso", "format": "raw", "size": 3 << 20, "allocated": 1 << 20},
    "free": 1 << 30,
    "notes": [],
}
RUNNING = job("disk upload", "running", cancellable=True)
DONE = job("disk upload", result=MADE)


def tell(websocket: WebSocket, **plain: Any) -> None:
    websocket.protocol.send_text(json.dumps(plain).encode())
    websocket.flush()


class Host:
    """Takes what is sent, and tells of it: up to its end, or up to `enough` bytes."""

    def __init__(
        self, ended: dict[str, Any] = DONE, code: int = 4000, why: str = "", enough: int | None = None
    ) -> None:
        self.ended, self.code, self.why, self.enough = ended, code, why, enough
        self.heard = bytearray()
        self.largest = 0

    def __call__(self, websocket: WebSocket) -> None:
        tell(websocket, job=RUNNING)
        while not self._whole(websocket):
            tell(websocket, received=len(self.heard))
        tell(websocket, job=self.ended)
        websocket.close(self.code, self.why)
        while websocket.connection.recv(1 << 16):
            pass

    def _whole(self, websocket: WebSocket) -> bool:
        data = websocket.connection.recv(1 << 16)
        assert data, "xm went away"
        websocket.protocol.receive_data(data)
        for event in websocket.protocol.events_received():
            if not event.data:  # type: ignore[union-attr]
                return True
            self.heard += event.data  # type: ignore[union-attr]
            self.largest = max(self.largest, len(event.data))  # type: ignore[union-attr]
        return self.enough is not None and len(self.heard) >= self.enough


@pytest.fixture
def iso(root: Path) -> Path:
    """Larger than what may be on the way before anything is told of it."""
    path = root / "debian.iso"
    path.write_bytes(os.urandom(3 << 20))
    return path


def asked(xend: FakeXend) -> list[str]:
    return [path for _, path, _ in xend.requests]


def test_all_of_a_file_is_sent_in_frames_that_xend_takes(
    xend: FakeXend, xm: Xm, iso: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.console = host = Host()
    assert xm("disk", "upload", "debian.iso") == 0
    assert host.heard == iso.read_bytes()
    assert host.largest == 64 << 10
    assert asked(xend) == [f"/images/upload?path=debian.iso&size={3 << 20}"]
    said = capsys.readouterr()
    assert (said.out, said.err) == ("/i/debian.iso: raw, 3 MiB, takes 1 MiB now; 1 GiB free\n", "")


@pytest.mark.parametrize(
    ("image", "path"),
    [
        ("d.iso", "d.iso"),
        ("iso/", "iso%2Fdebian.iso"),
        ("/srv/d i.iso", "%2Fsrv%2Fd%20i.iso"),
        ("./d.iso", None),
    ],
)
def test_it_is_called_on_the_host_as_is_said(
    xend: FakeXend, xm: Xm, root: Path, iso: Path, image: str, path: str | None
) -> None:
    xend.console = Host()
    assert xm("disk", "upload", str(iso), image) == 0
    path = path or f"{root}/d.iso".replace("/", "%2F")
    assert asked(xend) == [f"/images/upload?path={path}&size={3 << 20}"]


def test_json_is_the_result(xend: FakeXend, xm: Xm, iso: Path, capsys: pytest.CaptureFixture[str]) -> None:
    xend.console = Host()
    assert xm("disk", "upload", "-o", "json", str(iso)) == 0
    assert json.loads(capsys.readouterr().out) == MADE


def test_a_refusal_before_and_one_in_its_midst_are_errors(
    xend: FakeXend, xm: Xm, iso: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["GET /images/upload"] = problem("there is a file already", "conflict", 409, 5, hint="another name")
    assert xm("disk", "upload", str(iso)) == 5
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "xm: there is a file already\n  hint: another name\n")
    del xend.routes["GET /images/upload"]
    error = problem("cannot use a file: No space left on device", "unavailable", 503, 1, hint="free some space").body
    failed = {**RUNNING, "state": "failed", "error": error}
    xend.console = Host(failed, 4002, error["detail"], enough=1 << 20)
    assert xm("disk", "upload", str(iso)) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == (
        "",
        "xm: cannot use a file: No space left on device\n  hint: free some space\n",
    )


def test_a_xend_that_goes_away_is_an_error(
    xend: FakeXend, xm: Xm, iso: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def die(websocket: WebSocket) -> None:
        tell(websocket, job=RUNNING)

    xend.console = die
    assert xm("disk", "upload", str(iso)) == 7
    assert "it was cut off" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [("none", 3, "there is no file none"), (".", 1, ". is neither a file nor a disk"), ("empty", 1, "nothing in")],
)
def test_what_cannot_be_sent_is_not_asked_for(
    xend: FakeXend, xm: Xm, root: Path, capsys: pytest.CaptureFixture[str], name: str, code: int, words: str
) -> None:
    (root / "empty").touch()
    assert xm("disk", "upload", name) == code
    assert words in capsys.readouterr().err
    assert xend.requests == []


def test_ctrl_c_cancels_the_job(xend: FakeXend, start_xm: Start, iso: Path) -> None:
    processes: list[subprocess.Popen[bytes]] = []

    def interrupt(websocket: WebSocket) -> None:
        tell(websocket, job=RUNNING)
        while len(websocket.receive() or b"") == 0:
            pass
        processes[0].send_signal(signal.SIGINT)
        while websocket.connection.recv(1 << 16):
            pass

    xend.console = interrupt
    xend.routes["POST /jobs/7/cancel"] = {"job": {**RUNNING, "state": "cancelled"}}
    processes.append(start_xm("disk", "upload", str(iso)))
    out, err = processes[0].communicate(timeout=60)
    assert (processes[0].returncode, out, err) == (130, b"", b"xm: cancelled: nothing of it is left\n")
    assert asked(xend)[-1] == "/jobs/7/cancel"


def test_where_somebody_looks_a_bar_is_shown(
    xend: FakeXend, xm: Xm, iso: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xenia.cli.disk.upload.LOOK", 0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    xend.console = Host()
    assert xm("disk", "upload", str(iso)) == 0
    assert " %" in capsys.readouterr().err
