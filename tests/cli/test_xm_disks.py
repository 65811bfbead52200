from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import DOMAIN_0, FakeXend, domain, job, problem

ATTACH = "POST /domains/web/block-attach?wait=30"
DETACH = "POST /domains/web/block-detach?wait=30"


def disk(target: str, path: str, **others: Any) -> dict[str, Any]:
    return {"target": target, "path": path, "mode": "w", "format": "raw", "cdrom": False, **others}


DISKS = [
    disk("xvda", "/srv/a b\x1b", format="qcow2"),
    disk("hdc", "", mode="r", cdrom=True),
]


def shown(disks: list[dict[str, Any]] | None, **others: Any) -> dict[str, Any]:
    config = None if disks is None else {"disks": disks}
    return {"domain": domain(**others), "config": config, "definition": {}, "macs": []}


def test_the_list_has_no_empty_cell(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains/web"] = shown(DISKS)
    assert xm("block-list", "web") == 0
    assert capsys.readouterr().out == (
        "Vdev  Mode  Kind   Format  Image\nxvda  w     disk   qcow2   /srv/a b\\x1b\nhdc   r     cdrom  -       -\n"
    )


def test_programs_get_the_disks_as_json(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains/web"] = shown(DISKS)
    assert xm("block-list", "-o", "json", "web") == 0
    assert json.loads(capsys.readouterr().out) == DISKS


@pytest.mark.parametrize(
    ("answer", "words"),
    [(shown(None, domid=None), "is not running"), ({**shown(None), "domain": DOMAIN_0}, "is the host itself")],
)
def test_what_does_not_run_has_no_disks(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], answer: dict[str, Any], words: str
) -> None:
    xend.routes["GET /domains/web"] = answer
    assert xm("block-list", "web") == 5
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "spec"),
    [
        (["file:x.img", "xvdb", "w"], "file:x.img,xvdb,w"),
        (["file:x.img,xvdb,w"], "file:x.img,xvdb,w"),
        (["vdev=xvdb", "access=rw", "target=/x"], "vdev=xvdb,access=rw,target=/x"),
    ],
)
def test_words_become_one_spec_below_the_folder_one_is_in(
    xend: FakeXend,
    xm: Xm,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: list[str],
    spec: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    xend.routes[ATTACH] = {
        "job": job("block-attach", result={"disk": DISKS[0], "file": "", "notes": ["mind\x1b this"]})
    }
    assert xm("block-attach", "web", *words) == 0
    assert capsys.readouterr() == ("", "xm: mind\\x1b this\n")
    body = {"spec": spec, "folder": str(tmp_path), "scope": "both"}
    assert xend.requests[-1][2] == {**body, "until_taken": True}
    assert xm("block-attach", "--no-wait", "web", *words) == 0
    assert xend.requests[-1][2] == {**body, "until_taken": False}
    xend.routes["POST /domains/web/block-configure?wait=30"] = xend.routes[ATTACH]
    assert xm("block-configure", "web", *words) == 0
    assert xend.requests[-1][2] == body


def test_a_disk_is_detached_without_a_word(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes[DETACH] = {"job": job("block-detach", result={"disk": DISKS[0], "file": "", "notes": []})}
    assert xm("block-detach", "web", "xvda", "--force", "--live") == 0
    assert capsys.readouterr() == ("", "")
    assert xend.requests[-1][2] == {"device": "xvda", "force": True, "scope": "live"}


def test_the_guest_file_that_was_edited_is_named(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    result = {"disk": DISKS[0], "file": "/etc/xen/web.cfg", "notes": ["mind"]}
    xend.routes[DETACH] = {"job": job("block-detach", result=result)}
    assert xm("block-detach", "--config", "web", "xvdb") == 0
    assert capsys.readouterr() == ("/etc/xen/web.cfg says so now, for the next start\n", "xm: mind\n")
    assert xend.requests[-1][2]["scope"] == "config"


def test_a_guest_that_keeps_it_took_too_long(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes[DETACH] = problem("the guest did not let go", "timed_out", 504, 6, hint="see what uses it")
    assert xm("block-detach", "web", "xvdb") == 6
    assert "see what uses it" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["block-attach", "web"], ["block-detach", "web"], ["block-list"], ["block-"]])
def test_missing_words_are_asked_for(xend: FakeXend, xm: Xm, words: list[str]) -> None:
    assert xm(*words) == 2


def test_media_are_inserted_and_ejected_without_a_word(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    result = {"disk": DISKS[1], "file": "", "notes": ["mind"]}
    xend.routes["POST /domains/web/cd-insert?wait=30"] = {"job": job(result=result)}
    xend.routes["POST /domains/web/cd-eject?wait=30"] = {"job": job(result={**result, "notes": []})}
    assert xm("cd-insert", "web", "hdc", "x.iso") == 0
    asked = {"device": "hdc", "force": False, "path": "x.iso", "folder": str(tmp_path), "scope": "both"}
    assert xend.requests[-1][2] == asked
    assert xm("cd-eject", "-f", "web", "hdc") == 0
    assert xend.requests[-1][2] == {"device": "hdc", "force": True, "scope": "both"}
    assert capsys.readouterr() == ("", "xm: mind\n")
