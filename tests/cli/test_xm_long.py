"""The long form of lists of devices: S-expressions, as xm had them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, domain
from tests.cli.test_xm_vcpu import WEB

DISK = {
    "target": "xvda", "path": "/srv/a b\x1b", "mode": "w", "format": "qcow2", "cdrom": False, "source": "file",
    "backend": None,
}  # fmt: skip
VIF = {
    "mac": None, "type": "ioemu", "model": "e1000", "bridge": "xenbr0", "item": 0, "script": None, "ip": [],
    "vifname": None, "rate": None, "backend": None,
}  # fmt: skip
ADDRESS = {"vif": 0, "ip": "192.0.2.7", "source": "agent"}


def shown(**config: Any) -> dict[str, Any]:
    row = domain(vifs=["vif3.0"], addresses=[ADDRESS])
    return {"domain": row, "config": config, "macs": ["00:16:3e:00:00:01"], "bridges": ["xenbr0"]}


@pytest.mark.parametrize(
    ("verb", "config", "text"),
    [
        (
            "block-list",
            {"disks": [DISK]},
            "(device\n    (vbd (dev xvda:disk) (uname 'tap:qcow2:/srv/a b\\x1b') (mode w) (backend 0))\n)\n",
        ),
        (
            "network-list",
            {"vifs": [VIF]},
            "(device\n    (vif\n        (bridge xenbr0)\n        (mac 00:16:3e:00:00:01)\n"
            "        (addresses 192.0.2.7)\n        (model e1000)\n        (type ioemu)\n        (backend 0)\n"
            "    )\n)\n",
        ),
        ("usb-list", {"platform": {"usb_devices": ["tablet"]}}, "(device\n    (vusb (usbdevice tablet))\n)\n"),
        ("block-list", {"disks": []}, ""),
    ],
)
def test_devices_are_told_as_xm_had_them(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], verb: str, config: dict[str, Any], text: str
) -> None:
    xend.routes["GET /domains/web"] = shown(**config)
    for option in ("--long", "-l"):
        assert xm(verb, option, "web") == 0
        assert capsys.readouterr().out == text


def test_pci_devices_are_told_by_their_parts(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    devices = [{"address": "0000:01:00.1", "item": "01:00.1,permissive=1"}]
    xend.routes["GET /domains/web/pci"] = {"devices": devices}
    assert xm("pci-list", "-l", "web") == 0
    said = "(device\n    (pci (dev (domain 0x0000) (bus 0x01) (slot 0x00) (func 0x1)))\n)\n"
    assert capsys.readouterr().out == said


def test_virtual_cpus_are_told_of_each_domain(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /vcpus"] = {"domains": [WEB]}
    assert xm("vcpu-list", "--long") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said == (
        "(domain (domid 3) (name web) (vcpu_count 2) "
        "(vcpu (number 0) (online 1) (blocked 0) (running 1) (cpu_time 12.34) (cpu 1) (cpumap ()) ) "
        "(vcpu (number 1) (online 0) (blocked 0) (running 0) (cpu_time 0.0) (cpumap (0 2)) ) )"
    )
