from __future__ import annotations

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job, problem


def test_it_tells_where_once_the_disk_is_offered(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    running = {**job("block-export"), "state": "running", "cancellable": True, "progress": None}
    offered = {**running, "progress": 0.0}
    ended = {**running, "state": "failed", "error": problem("domain 'web' has ended", "unavailable").body}
    xend.routes["POST /domains/web/block-export?wait=0.3"] = {"job": running}
    xend.routes[f"GET /jobs/{running['id']}?wait=0.3"] = {"job": offered}
    xend.routes[f"GET /jobs/{running['id']}?wait=30"] = {"job": ended}
    assert xm("block-export", "web", "xvda") != 0
    said = capsys.readouterr()
    assert said.out.startswith("nbd+unix:///?socket=/")
    assert said.out.endswith(f"run/xenia/exports/{running['id']}.sock\n")
    assert "domain 'web' has ended" in said.err
    assert xm("block-export", "--listen", "192.0.2.1:10809", "web", "xvda") != 0
    assert capsys.readouterr().out == "nbd://192.0.2.1:10809\n"
    posts = [body for method, _, body in xend.requests if method == "POST"]
    assert posts == [{"device": "xvda", "listen": listen, "bitmap": ""} for listen in ("", "192.0.2.1:10809")]


def test_one_that_does_not_come_about_tells_why_and_not_where(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    error = problem("the disk xvda is exported already", "conflict").body
    failed = {**job("block-export"), "state": "failed", "error": error}
    xend.routes["POST /domains/web/block-export?wait=0.3"] = {"job": failed}
    assert xm("block-export", "web", "xvda") != 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "exported already" in said.err
