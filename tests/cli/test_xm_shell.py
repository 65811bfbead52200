from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, domain, problem
from tests.support.terminal import Terminal

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def xend(xend: FakeXend) -> FakeXend:
    xend.routes["GET /domains?all=false"] = {"domains": [domain()]}
    xend.routes["GET /domains?all=true"] = {"domains": [domain()]}
    xend.routes["GET /domains/web"] = {"domain": domain(), "config": None, "macs": []}
    xend.routes["GET /domains/nix"] = problem("there is no domain 'nix'")
    return xend


@pytest.mark.parametrize(
    ("lines", "code", "out", "err"),
    [
        ("domid web\ndomname web\n", 0, "3\nweb\n", ""),
        ("xm domid web", 0, "3\n", ""),
        ("domid nix\ndomid web\n", 3, "3\n", "xm: there is no domain 'nix'\n"),
        ("domid nix\nlist --nosuch\n", 2, "", "unrecognized arguments: --nosuch"),
        ("nosuch\ndomid web\n", 2, "3\n", "there is no command 'nosuch'"),
        ("domid 'web\ndomid web\n", 2, "3\n", "xm: shell: no closing quotation"),
        ("# a comment\n\n   \ndomid web # its id\n", 0, "3\n", ""),
        ("domid web\nexit\ndomname web\n", 0, "3\n", ""),
        ("quit\n", 0, "", ""),
        ("shell\n", 2, "", "you are in it already"),
        ("", 0, "", ""),
        ("domid \xff\n", 1, "", ""),
    ],
)
def test_lines_are_run_in_turn_and_none_ends_it(
    xend: FakeXend, start_xm: Start, lines: str, code: int, out: str, err: str
) -> None:
    process = start_xm("shell")
    said, told = process.communicate(lines.encode("latin-1"), timeout=60)
    assert said.decode() == out
    assert err in told.decode()
    assert b"Traceback" not in told
    assert (process.returncode == code) if "\xff" not in lines else process.returncode


def test_the_root_is_that_of_the_shell(xend: FakeXend, xm: Xm, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"domid web\n")
    os.close(writer)
    monkeypatch.setenv("XENIA_ROOT", "/nowhere")
    with os.fdopen(reader) as lines:
        monkeypatch.setattr("sys.stdin", lines)
        assert xm("--root", str(xend.root), "shell") == 0


@pytest.fixture
def environment(root: Path, tmp_path: Path) -> dict[str, str]:
    python = os.pathsep.join(filter(None, sys.path))
    own = {"XENIA_ROOT": str(root), "PYTHONPATH": python, "XDG_STATE_HOME": str(tmp_path), "TERM": "dumb"}
    return {**os.environ, **own}


SHELL = [sys.executable, "-m", "xenia.cli.main", "shell"]


def test_on_a_terminal_words_are_completed_and_remembered(
    xend: FakeXend, environment: dict[str, str], tmp_path: Path
) -> None:
    with Terminal(SHELL, environment) as screen:
        screen.sees("xm> ")
        screen.types("nosuch\r")
        screen.sees("there is no command 'nosuch'")
        screen.sees("xm> ")
        screen.types("domsta\tw\t\r")
        screen.sees("running\r\n")
        screen.types("what is not run\x03")
        screen.sees("xm> ")
        screen.types("\x04")
        assert screen.ends() == 2
    history = tmp_path / "xenia/xm_history"
    assert history.read_text().splitlines()[-1].split() == ["domstate", "web"]
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    assert stat.S_IMODE(history.parent.stat().st_mode) == 0o700
    with Terminal(SHELL, environment) as screen:
        screen.sees("xm> ")
        screen.types("\x10\r")  # the line before
        screen.sees("running\r\n")
        screen.types("exit\r")
        assert screen.ends() == 0


def test_a_history_that_cannot_be_written_is_told(xend: FakeXend, environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Terminal(SHELL, {**environment, "XDG_STATE_HOME": str(tmp_path / "file")}) as screen:
        screen.sees("xm> ")
        screen.types("exit\r")
        screen.sees("what was typed is not remembered")
        assert screen.ends() == 0
