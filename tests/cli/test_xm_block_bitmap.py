from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job

ROW = {"target": "xvda", "name": "monday", "changed": 3 << 20, "granularity": 65536, "problem": ""}


def test_list_tells_how_much_was_changed(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [ROW, {**ROW, "name": "sunday", "changed": 0, "problem": "it was not written back"}]
    xend.routes["GET /domains/web/block-bitmaps"] = {"bitmaps": rows}
    assert xm("block-bitmap-list", "web") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Vdev  Bitmap  Changed  State",
        "xvda  monday  3 MiB    records",
        "xvda  sunday  0        it was not written back",
    ]
    assert xm("block-bitmap-list", "-o", "json", "web") == 0
    assert json.loads(capsys.readouterr().out) == rows


@pytest.mark.parametrize("verb", ["create", "delete"])
def test_create_and_delete_send_what_is_meant(xend: FakeXend, xm: Xm, verb: str) -> None:
    xend.routes[f"POST /domains/web/block-bitmap-{verb}?wait=30"] = {"job": job(f"block-bitmap-{verb}", result={})}
    assert xm(f"block-bitmap-{verb}", "web", "xvda", "monday") == 0
    assert xend.requests[0][2] == {"device": "xvda", "name": "monday"}
