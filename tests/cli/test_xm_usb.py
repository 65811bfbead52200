from __future__ import annotations

import json
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, domain, job

SHOWN: dict[str, Any] = {
    "domain": domain(),
    "config": {"platform": {"usb_devices": ["tablet", "host:1.3"]}},
    "definition": {},
    "macs": [],
}


def test_devices_are_listed(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains/web"] = SHOWN
    assert xm("usb-list", "web") == 0
    assert capsys.readouterr().out == "Device    Kind\ntablet    emulated\nhost:1.3  host\n"
    assert xm("usb-list", "-o", "json", "web") == 0
    assert json.loads(capsys.readouterr().out)[1] == {"device": "host:1.3", "kind": "host"}


@pytest.mark.parametrize(
    ("words", "operation", "device"),
    [
        (["usb-attach", "web", "tablet"], "usb-attach", "tablet"),
        (["usb-add", "web", "host:1.3"], "usb-attach", "host:1.3"),
        (["usbdev-attach", "web", "hostbus=1", "hostaddr=3"], "usb-attach", "hostbus=1,hostaddr=3"),
        (["usb-del", "web", "host:1.3"], "usb-detach", "host:1.3"),
    ],
)
def test_they_come_and_go_in_silence(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], words: list[str], operation: str, device: str
) -> None:
    xend.routes[f"POST /domains/web/{operation}?wait=30"] = {"job": job(operation, result={"device": device})}
    assert xm(*words) == 0
    assert capsys.readouterr() == ("", "")
    assert xend.requests[0][2] == {"device": device}
    assert xm(words[0], "web") == 2
