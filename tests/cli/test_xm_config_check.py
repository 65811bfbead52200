from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, problem


def complaint(severity: str = "warning", message: str = "odd", **others: object) -> dict[str, object]:
    place = {"file": "/etc/xen/a.cfg", "line": 2, "column": 7, "text": "vif = 3", "hint": None, "key": "vif"}
    return {"severity": severity, "message": message, **place, **others}


def checked(*complaints: dict[str, object], **others: object) -> dict[str, object]:
    answer = {
        "file": "/etc/xen/a.cfg",
        "name": "a",
        "engine": "qemu",
        "assumed": [],
        "complaints": complaints,
        "claims": [],
    }
    return {**answer, **others}


@pytest.fixture(autouse=True)
def file(root: Path) -> Path:
    path = root / "etc/xen/a.cfg"
    path.write_text("name = 'a'\nvif = 3\n")
    return path


def test_each_complaint_has_place_line_caret_and_hint(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["POST /check"] = checked(complaint("error", "vif takes a list", hint="vif = [ '' ]"), complaint("note"))
    assert xm("config", "check", "a") == 1
    out, err = capsys.readouterr()
    assert out.startswith(
        "/etc/xen/a.cfg:2:7: error: vif takes a list\n    2 | vif = 3\n      |       ^\n  hint: vif = [ '' ]\n"
    )
    assert out.endswith("1 file: 1 error, 1 note\n")
    assert err == ""


def test_warnings_alone_are_no_failure(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /check"] = [checked(complaint(), complaint()), checked()]
    assert xm("config", "check", "a", "a.cfg") == 0
    assert capsys.readouterr().out.endswith("2 files: 2 warnings\n")


def test_a_file_without_remarks_says_so(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /check"] = checked()
    assert xm("config", "check", "a") == 0
    assert capsys.readouterr().out == "1 file: nothing to complain about\n"


def test_quiet_leaves_notes_out(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /check"] = checked(complaint("note"))
    assert xm("config", "check", "-q", "a") == 0
    assert capsys.readouterr().out == "1 file: nothing to complain about\n"


def test_json_is_for_programs(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /check"] = checked(complaint("error"), complaint("note"))
    assert xm("config", "check", "-o", "json", "a") == 1
    said = json.loads(capsys.readouterr().out)
    assert said["counts"] == {"error": 1, "warning": 0, "note": 1}
    assert said["files"][0]["complaints"][0] == complaint("error")


def claimed(file: str, name: str, *complaints: dict[str, object], **values: str) -> dict[str, object]:
    claims = [
        {"key": key.replace("vif", "vif[1]"), "value": value, "line": number, "column": 8, "text": key}
        for number, (key, value) in enumerate({"name": name, **values}.items(), 1)
    ]
    return checked(*complaints, file=file, name=name, claims=claims)


def test_files_checked_together_are_compared(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /check"] = [
        claimed("/a.cfg", "a", uuid="u-1", vif="00:16:3e:00:00:01"),
        claimed("/b.cfg", "b", uuid="u-1", vif="00:16:3e:00:00:01"),
        claimed("/c.cfg", "a", uuid="u-1", vif="00:16:3e:00:00:02"),
    ]
    assert xm("config", "check", "a", "a", "a", "-o", "json") == 0
    said = json.loads(capsys.readouterr().out)
    assert [[(each["severity"], each["message"]) for each in file["complaints"]] for file in said["files"]] == [
        [],
        [
            ("warning", "the UUID u-1 is that of /a.cfg too, whose name is 'a'"),
            ("warning", "the address 00:16:3e:00:00:01 is that of a card of /a.cfg too"),
        ],
        [("note", "the name 'a' is that of /a.cfg too: both define one domain, which runs once")],
    ]
    second = said["files"][1]["complaints"][1]
    assert (second["file"], second["key"], second["line"], second["column"]) == ("/b.cfg", "vif[1]", 3, 8)
    assert said["counts"] == {"error": 0, "warning": 2, "note": 1}
    assert "claims" not in said["files"][0]


def test_what_xend_has_told_and_a_file_given_twice_are_told_once(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    told = complaint(message="the UUID u-1 is that of /a.cfg too", key="uuid")
    xend.routes["POST /check"] = [
        claimed("/a.cfg", "a", uuid="u-1"),
        claimed("/a.cfg", "a", uuid="u-1"),
        claimed("/b.cfg", "b", told, uuid="u-1"),
    ]
    assert xm("config", "check", "a", "a", "a") == 0
    assert capsys.readouterr().out.endswith("3 files: 1 warning\n")


def test_what_is_sent(xend: FakeXend, xm: Xm, file: Path) -> None:
    xend.routes["POST /check"] = checked()
    assert xm("config", "check", "--no-host", "--engine", "xen", "a") == 0
    body = {"text": file.read_text(), "file": str(file), "engine": "xen", "host": False}
    assert xend.requests == [("POST", "/check", body)]


def test_what_was_assumed_is_said_once(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /check"] = checked(assumed=["Xen is new enough"])
    assert xm("config", "check", "--engine", "xen", "a", "a") == 0
    assert capsys.readouterr().out == "assumed: Xen is new enough\n2 files: nothing to complain about\n"


def test_a_file_that_is_not_there_is_told_before_xend_is_asked(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    assert xm("config", "check", "a", "b") == 3
    assert "there is no guest file 'b'" in capsys.readouterr().err
    assert xend.requests == []


def test_an_engine_that_is_none_is_an_error(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /check"] = problem("there is no engine 'vmware'")
    assert xm("config", "check", "--engine", "vmware", "a") == 3
    assert capsys.readouterr().err.startswith("xm: there is no engine 'vmware'")
