"""xm config import-xend, against a xend that says what it is told to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend

ANSWER: dict[str, Any] = {
    "settings": [
        {"name": "vncpasswd", "value": "***", "line": 7, "fate": "translated", "words": "vnc_password = ***"},
        {"name": "network-script", "value": "", "line": 0, "fate": "no effect", "words": "left alone"},
    ],
    "complaints": [],
    "diff": "--- a\n+++ b\n+x\x1b",
    "written": False,
    "notes": ["a note"],
}


@pytest.fixture(autouse=True)
def old_file(xend: FakeXend, root: Path) -> Path:
    xend.routes["POST /host/settings/import"] = ANSWER
    file = root / "etc/xen/xend-config.sxp"
    file.write_bytes(b"(a '\xe4')\n")
    return file


def test_what_becomes_of_it_is_shown(
    xend: FakeXend, xm: Xm, old_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert xm("config", "import-xend") == 0
    said = capsys.readouterr()
    assert said.out == (
        "7  vncpasswd ***   translated: vnc_password = ***\n"
        "-  network-script  no effect: left alone\n"
        "\n"
        "--- a\n+++ b\n+x\\x1b\n"
        "\n"
        "Nothing was written: xm config import-xend --write does it.\n"
    )
    assert said.err == "xm: a note\n"
    assert xend.requests[-1][2] == {"text": "(a 'ä')\n", "file": str(old_file), "write": False}


def test_what_was_written_is_said(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /host/settings/import"] = ANSWER | {"written": True}
    assert xm("config", "import-xend", "--write") == 0
    assert capsys.readouterr().out.endswith("\n\nThis was written.\n")
    assert xend.requests[-1][2]["write"] is True


def test_a_file_that_changes_nothing(xend: FakeXend, xm: Xm, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "other").write_text("")
    xend.routes["POST /host/settings/import"] = ANSWER | {"settings": [], "diff": ""}
    assert xm("config", "import-xend", "other") == 0
    assert capsys.readouterr().out == f"\nNothing of {root}/other changes xend.toml.\n"


@pytest.mark.parametrize(("name", "code", "said"), [("none", 3, "there is no "), ("etc", 1, "Is a directory")])
def test_a_file_that_cannot_be_read(
    name: str, code: int, said: str, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    assert xm("config", "import-xend", name) == code
    assert said in capsys.readouterr().err
