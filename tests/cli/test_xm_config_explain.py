from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend


def line(number: int = 3, **others: object) -> dict[str, object]:
    usual = {"column": 10, "key": "memory", "value": 512, "meaning": "Memory in MiB", "effect": "honoured"}
    return {"line": number, **usual, "reason": "", "remarks": [], **others}


def explained(*lines: dict[str, object], **others: object) -> dict[str, object]:
    return {"engine": "xen", "config": None, "lines": lines, "remarks": [], "rendered": "", "assumed": [], **others}


def remark(severity: str = "note") -> dict[str, object]:
    return {"severity": severity, "message": "odd", "file": "/a", "line": 0, "column": 0, "text": "", "hint": "look"}


@pytest.fixture(autouse=True)
def file(root: Path) -> Path:
    path = root / "etc/xen/a.cfg"
    path.write_text("name = 'a'\n")
    return path


def test_it_is_told_line_by_line_and_then_as_the_engine_gets_it(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    ignored = line(4, key="hap", value="0\x1b", effect="ignored", meaning="Pages", reason="because")
    xend.routes["POST /explain"] = explained(
        line(remarks=[remark()]), ignored, rendered="memory = 512\n", remarks=[remark()], assumed=["enough"]
    )
    assert xm("config", "explain", "a") == 0
    assert capsys.readouterr().out == (
        f"{file} on xen:\n\n"
        "    3  memory = 512\n"
        "       honoured    Memory in MiB\n"
        "       note        odd\n"
        "                   hint: look\n"
        "    4  hap = '0\\x1b'\n"
        "       ignored     Pages\n"
        "                   because\n"
        "\n/a: note: odd\n  hint: look\n"
        "\nxen gets:\n  memory = 512\n"
        "\nassumed: enough\n"
    )


def test_what_is_sent(xend: FakeXend, xm: Xm, file: Path) -> None:
    xend.routes["POST /explain"] = explained()
    assert xm("config", "explain", "--engine", "qemu", "a", "memory=5", "vcpus=2") == 0
    overrides = ["memory=5", "vcpus=2"]
    body = {"text": "name = 'a'\n", "file": str(file), "overrides": overrides, "engine": "qemu", "host": False}
    assert xend.requests == [("POST", "/explain", body)]


def test_a_device_is_told_as_what_it_is(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    disk = {"item": 1, "path": "/a.img", "mode": "w", "cdrom": False, "format": "raw", "target": "xvda", "bus": "xen"}
    devices = {"disks": [disk], "vifs": []}
    item = line(key="disk[1]", value="file:/a.img,xvda,w", meaning="Disks")
    xend.routes["POST /explain"] = explained(item, config=devices)
    assert xm("config", "explain", "a") == 0
    assert "       honoured    xvda xen disk, /a.img, raw, read-write\n" in capsys.readouterr().out


@pytest.mark.parametrize("where", ["line", "file"])
def test_an_error_ends_with_1(xend: FakeXend, xm: Xm, where: str) -> None:
    wrong = [remark("error")]
    xend.routes["POST /explain"] = explained(line(remarks=wrong)) if where == "line" else explained(remarks=wrong)
    assert xm("config", "explain", "a") == 1


def test_json_is_the_answer_itself(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /explain"] = explained(line())
    assert xm("config", "explain", "-o", "json", "a") == 0
    assert json.loads(capsys.readouterr().out)["lines"] == [line()]


def test_a_second_file_is_wrong_usage(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("config", "explain", "a", "b") == 2
    assert "'b' is no key=value" in capsys.readouterr().err


def test_a_long_value_is_cut(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /explain"] = explained(line(value="x" * 1000))
    assert xm("config", "explain", "a") == 0
    assert "x" * 99 + "...\n" in capsys.readouterr().out
