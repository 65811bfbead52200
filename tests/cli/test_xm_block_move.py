from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job

DISK = {"target": "xvda", "path": "/i/web.qcow2", "format": "qcow2"}
MOVED = {"domain": "web", "disk": DISK, "old": "/i/web", "file": "", "notes": ["/i/web stays"]}


def test_move_sends_what_is_meant_and_tells_where_it_is(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["POST /domains/web/block-move?wait=0.3"] = {"job": job("block-move", result=MOVED)}
    assert xm("block-move", "web", "xvda", "web.qcow2") == 0
    said = capsys.readouterr()
    assert said.out == "xvda of web is /i/web.qcow2 now (qcow2)\n"
    assert said.err == "xm: /i/web stays\n"
    assert xm("block-move", "--delete", "-f", "raw", "web", "xvda", "./fast/") == 0
    first, second = (body for _, _, body in xend.requests)
    assert first == {"device": "xvda", "path": "web.qcow2", "format": None, "delete": False}
    assert second == {"device": "xvda", "path": f"{Path.cwd()}/fast/", "format": "raw", "delete": True}


def test_flatten_tells_that_it_stands_alone(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    result = {"domain": "web", "disk": DISK, "notes": []}
    xend.routes["POST /domains/web/block-flatten?wait=0.3"] = {"job": job("block-flatten", result=result)}
    assert xm("block-flatten", "web", "xvda") == 0
    assert capsys.readouterr().out == "xvda of web stands alone: /i/web.qcow2\n"
    assert xend.requests[0][2] == {"device": "xvda"}
