from __future__ import annotations

import stat
from pathlib import Path

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend


def converted(*lost: str, **others: object) -> dict[str, object]:
    return {"form": "xl", "text": 'name = "gäst"\n', "lost": lost, "complaints": [], **others}


@pytest.fixture(autouse=True)
def file(root: Path) -> Path:
    path = root / "etc/xen/a.cfg"
    path.write_text("name = 'a'\n")
    return path


def test_the_text_goes_to_stdout_and_what_is_lost_to_stderr(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    complaint = {"severity": "warning", "message": "lost: <cpu>", "file": "/a", "line": 0, "column": 0, "text": ""}
    note = {**complaint, "severity": "note", "message": "nothing of interest"}
    xend.routes["POST /convert"] = converted("hap = 0: why\x1b", complaints=[complaint, note])
    assert xm("config", "convert", "a", "--to", "xl") == 0
    out, err = capsys.readouterr()
    assert out == 'name = "gäst"\n'
    assert err == "/a: warning: lost: <cpu>\nxm: lost: hap = 0: why\\x1b\n"


def test_what_is_sent(xend: FakeXend, xm: Xm, file: Path) -> None:
    xend.routes["POST /convert"] = converted()
    assert xm("config", "convert", "a", "memory=5", "--to", "libvirt", "--from", "guest-file") == 0
    text, overrides = "name = 'a'\n", ["memory=5"]
    body = {"text": text, "file": str(file), "overrides": overrides, "to": "libvirt", "source": "guest-file"}
    assert xend.requests == [("POST", "/convert", body)]


def test_a_new_file_is_written_for_its_owner_only(xend: FakeXend, xm: Xm, root: Path) -> None:
    xend.routes["POST /convert"] = converted()
    assert xm("config", "convert", "a", "--to", "xl", "-o", "out.cfg") == 0
    assert (root / "out.cfg").read_text() == 'name = "gäst"\n'
    assert stat.S_IMODE((root / "out.cfg").stat().st_mode) == 0o600


def test_a_file_that_is_there_stays(
    xend: FakeXend, xm: Xm, root: Path, capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    xend.routes["POST /convert"] = converted()
    assert xm("config", "convert", "a", "--to", "xl", "-o", str(file)) == 5
    assert file.read_text() == "name = 'a'\n"
    assert "is there already" in capsys.readouterr().err
    assert xm("config", "convert", "a", "--to", "xl", "-o", "no/such/folder") == 1
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("a",), ("a", "--to", "vmware"), ("a", "b", "--to", "xl"), ("--to", "xl")])
def test_wrong_usage(xm: Xm, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert xm("config", "convert", *words) == 2
    assert capsys.readouterr().err.startswith("xm: config convert: ")
