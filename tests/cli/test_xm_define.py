from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, problem


def saved(**others: Any) -> dict[str, Any]:
    return {
        "file": "/etc/xen/web.cfg",
        "etag": "0",
        "changed": True,
        "version": 1,
        "domain": "web",
        "notes": [],
        "complaints": [],
        "pending": [],
        **others,
    }


def test_new_sends_the_file_and_says_where_it_is_kept(
    xend: FakeXend, xm: Xm, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "web.cfg").write_text("name = 'web'\n")
    xend.routes["POST /guest-files"] = saved(notes=["memory is overridden at the end"])
    assert xm("new", "web", "memory=512") == 0
    assert capsys.readouterr() == (
        "/etc/xen/web.cfg defines domain web.\n",
        "xm: memory is overridden at the end\n",
    )
    body = {"text": "name = 'web'\n", "file": str(root / "web.cfg"), "overrides": ["memory=512"]}
    assert xend.requests[0][2] == body
    assert xm("new", "-q", "web.cfg") == 0
    assert capsys.readouterr() == ("", "")
    assert xm("new", "-o", "json", "web.cfg") == 0
    assert json.loads(capsys.readouterr().out)["domain"] == "web"


def test_delete_says_what_brings_it_back(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["DELETE /guest-files/web"] = saved(etag="", version=2)
    assert xm("delete", "web") == 0
    assert capsys.readouterr().out == "/etc/xen/web.cfg is removed. xm config revert web.cfg brings it back.\n"


def test_what_can_be_no_file_or_name(xend: FakeXend, xm: Xm, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "web.cfg").write_text("name = 'web'\n")
    assert xm("new") == 2
    assert xm("new", "web", "memory") == 2
    assert xm("new", "nowhere") == 3
    assert xm("new", "etc") == 1
    assert xm("delete") == 2
    assert xm("delete", "") == 2
    assert xm("delete", "/tmp/web.cfg") == 3
    assert xend.requests == []
    xend.routes["DELETE /guest-files/web"] = problem("domain 'web' runs (id 3)", "conflict", 409, 5)
    assert xm("delete", "web") == 5
    assert "domain 'web' runs (id 3)" in capsys.readouterr().err
