from __future__ import annotations

import json
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job


def test_devices_are_listed(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    item = "0000:01:00.0,permissive=1"
    xend.routes["GET /domains/web/pci"] = {"devices": [{"address": "0000:01:00.0", "item": item}]}
    xend.routes["GET /host/pci"] = {"devices": [{"address": "0000:02:00.0", "group": 7}]}
    assert xm("pci-list", "web") == 0
    assert xm("pci-assignable-list") == xm("pci-list-assignable-devices") == 0
    assert capsys.readouterr().out == f"{item}\n0000:02:00.0\n0000:02:00.0\n"
    assert xm("pci-assignable-list", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)[0]["group"] == 7
    xend.routes["GET /host/pci"] = {"devices": []}
    assert xm("pci-assignable-list") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("words", "path", "body"),
    [
        (["pci-attach", "web", "01:00.0"], "/domains/web/pci-attach?wait=30", {"device": "01:00.0", "slot": ""}),
        (["pci-attach", "web", "01:00.0", "7"], "/domains/web/pci-attach?wait=30", {"device": "01:00.0", "slot": "7"}),
        (["pci-detach", "web", "01:00.0"], "/domains/web/pci-detach?wait=30", {"device": "01:00.0"}),
        (["pci-assignable-add", "01:00.0"], "/host/pci-assignable-add", {"device": "01:00.0"}),
        (["pci-assignable-remove", "-r", "01:00.0"], "/host/pci-assignable-remove", {"device": "01:00.0"}),
    ],
)
def test_they_change_hands_in_silence(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], words: list[str], path: str, body: dict[str, Any]
) -> None:
    xend.routes[f"POST {path}"] = {"job": job(words[0], result={}), "text": ""}
    assert xm(*words) == 0
    assert capsys.readouterr() == ("", "")
    assert xend.requests[0][2] == body
