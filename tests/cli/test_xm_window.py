"""The window of a guest that asks for one: a viewer in a process of its own, through a tunnel of xm's."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import UUID, FakeXend, WebSocket, job

VIEWER = """\
#!/usr/bin/python3
import os, socket, sys
host, port = sys.argv[1].split("::")
with socket.create_connection((host, int(port)), timeout=30) as screen:
    greeting = screen.recv(12)
    with open(os.environ["XM_TEST_SEEN"], "w") as seen:
        print(os.environ.get("DISPLAY"), os.environ.get("XAUTHORITY"), greeting.decode(), sep="|", file=seen)
    screen.recv(1)
"""
FAILS = """\
#!/bin/sh
echo 'A viewer, version 1'; echo "Can't open display: $DISPLAY" >&2
exit 1
"""
RESULT = {"domain": "web", "uuid": UUID, "domid": 3, "complaints": []}
ASKED = {"display": None, "authority": None}


class Screen:
    """The screen of the guest, as xend hands it out."""

    def __init__(self) -> None:
        self.greets = threading.Event()
        self.ends = threading.Event()
        self.left = threading.Event()
        self._first = True

    def serve(self, websocket: WebSocket) -> None:
        if self._first:  # xm looks whether there is one
            self._first = False
            return
        websocket.send(b"RFB 003.008\n")
        self.greets.set()
        if self.ends.wait(30):
            websocket.close(4000, "the guest is gone")
        websocket.receive()
        self.left.set()


@pytest.fixture
def screen(xend: FakeXend, root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    (root / "web.cfg").write_text("name='web'\nsdl=1\nvnc=0\n")
    (root / "bin").mkdir()
    os.mkfifo(root / "seen")
    monkeypatch.setenv("PATH", f"{root}/bin")
    monkeypatch.setenv("XM_TEST_SEEN", str(root / "seen"))
    monkeypatch.setenv("DISPLAY", ":7")
    monkeypatch.setenv("XAUTHORITY", "/home/olga/.Xauthority")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    screen = Screen()
    xend.console = screen.serve
    yield screen
    screen.ends.set()


def install(root: Path, text: str = VIEWER) -> None:
    (root / "bin/vncviewer").write_text(text)
    (root / "bin/vncviewer").chmod(0o755)


def answer(xend: FakeXend, window: dict[str, Any] | None) -> None:
    xend.routes["POST /domains"] = {"job": job("create", result={**RESULT, "window": window})}


@pytest.mark.parametrize(
    ("window", "words", "display"),
    [
        (ASKED, (), ":7|/home/olga/.Xauthority"),
        ({"display": ":8.0", "authority": None}, (), ":8.0|/home/olga/.Xauthority"),
        ({"display": "localhost:10.0", "authority": "/x"}, ("-o", "json"), "localhost:10.0|/x"),
        (None, ("-V",), ":7|/home/olga/.Xauthority"),
        (None, ("--vncviewer-autopass",), ":7|/home/olga/.Xauthority"),
    ],
)
def test_a_viewer_shows_the_screen_and_stays_until_the_guest_is_gone(
    xend: FakeXend,
    xm: Xm,
    root: Path,
    screen: Screen,
    window: dict[str, Any] | None,
    words: tuple[str, ...],
    display: str,
) -> None:
    install(root)
    answer(xend, window)
    assert xm("create", "web.cfg", *words) == 0
    assert (root / "seen").read_text() == f"{display}|RFB 003.008\n\n"
    assert not screen.left.is_set()
    screen.ends.set()
    assert screen.left.wait(30)


def test_one_that_is_not_asked_for_is_not_opened(xend: FakeXend, xm: Xm, root: Path, screen: Screen) -> None:
    install(root)
    answer(xend, None)
    assert xm("create", "web.cfg") == 0
    assert [path for _, path, _ in xend.requests] == ["/domains?wait=30"]


@pytest.mark.parametrize("words", [(), ("-q",)])
def test_without_a_display_it_is_told_how_the_screen_is_seen(
    xend: FakeXend,
    xm: Xm,
    screen: Screen,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:
    monkeypatch.delenv("DISPLAY")
    answer(xend, ASKED)
    assert xm("create", "web.cfg", *words) == 0
    said = "xm: 'web' wants a window, and there is no display here: xm vncviewer web\n"
    assert capsys.readouterr().err == ("" if words else said)
    assert xm("create", "web.cfg", "-V", *words) == 1
    assert "DISPLAY is not set" in capsys.readouterr().err


@pytest.mark.parametrize("display", ["evil.example:0", "192.0.2.1:0", "tcp/evil:0", "x", ":0\nevil", "-display"])
def test_a_guest_file_sends_no_window_to_another_machine(
    xend: FakeXend, xm: Xm, root: Path, screen: Screen, capsys: pytest.CaptureFixture[str], display: str
) -> None:
    install(root)
    answer(xend, {"display": display, "authority": None})
    assert xm("create", "-q", "web.cfg") == 0
    assert "names is none of this machine" in capsys.readouterr().err
    assert not screen.greets.is_set()


def test_a_viewer_that_fails_is_quoted_and_the_guest_runs(
    xend: FakeXend, xm: Xm, root: Path, screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    install(root, FAILS)
    answer(xend, ASKED)
    assert xm("create", "web.cfg") == 0
    assert capsys.readouterr().err == (
        "xm: no window was opened for 'web': vncviewer has ended: Can't open display: :7\n"
        "  hint: later: xm vncviewer DOMAIN\n"
    )


def test_without_a_viewer_its_package_is_told(
    xend: FakeXend, xm: Xm, screen: Screen, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(xend, ASKED)
    assert xm("create", "web.cfg") == 0
    err = capsys.readouterr().err
    assert "no window was opened for 'web': there is no viewer here" in err
    assert "apt-get install tigervnc-viewer" in err


def test_modules_beside_the_guest_file_are_not_run(xend: FakeXend, xm: Xm, root: Path, screen: Screen) -> None:
    (root / "xenia").mkdir()
    (root / "xenia/__init__.py").write_text("raise SystemExit('not ours')")
    install(root)
    answer(xend, ASKED)
    assert xm("create", "web.cfg") == 0
    assert (root / "seen").read_text().endswith("RFB 003.008\n\n")
