"""Which words xl and a device model are told of USB devices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from xenia.engines.xen import debugging, usb
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.xl import Xl
from xenia.model.domain import Kind, State
from xenia.model.errors import ErrorKind, XeniaError
from xenia.storage.usb import OpenedUsb, UsbHost

WEB = Guest("uuid", 3, "web", Kind.PV, State.RUNNING)
HVM = replace(WEB, kind=Kind.HVM)
LIST = """\
Devid  Type         BE  state usb-ver ports
0      qusb         0   4     2       8
  Port 1: Bus 001 Device 003
  Port 2:
"""
INFO_USB = "  Device 0.0, Port 1, Speed 12 Mb/s, Product QEMU USB Tablet, ID: usb-tablet\n"


class Recorded(Xl):
    """An xl that keeps what it was told."""

    said: list[str]

    async def run(self, *words: str, seconds: float = 1) -> str:
        self.said.append(" ".join(words))
        if words[0] == "usb-list":
            return LIST
        return INFO_USB if words[-1] == "info usb" else ""


@pytest.fixture
def xl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    made = Recorded()
    object.__setattr__(made, "said", [])
    (tmp_path / "qmp-libxl-3").touch()
    monkeypatch.setattr(debugging, "_MONITORS", tmp_path)
    return made


@pytest.fixture
def host(tmp_path: Path) -> UsbHost:
    folder = tmp_path / "sys/1-3"
    folder.mkdir(parents=True)
    for name, value in (("busnum", "1"), ("devnum", "3"), ("idVendor", "046d"), ("idProduct", "c077")):
        (folder / name).write_text(value)
    return UsbHost(tmp_path / "sys", tmp_path)


async def test_a_device_of_the_host_is_xls(xl: Recorded, host: UsbHost) -> None:
    await usb.plug(xl, WEB, OpenedUsb("host:046d:c077", 1, 3))
    await usb.unplug(xl, WEB, "host:046d:c077", host)
    assert xl.said == ["usbdev-attach 3 hostbus=1 hostaddr=3", "usb-list 3", "usbdev-detach 3 controller=0 port=1"]


async def test_an_emulated_device_is_the_device_models(xl: Recorded, host: UsbHost) -> None:
    await usb.plug(xl, HVM, OpenedUsb("tablet"))
    await usb.unplug(xl, WEB, "tablet", host)
    assert xl.said == [
        "qemu-monitor-command 3 device_add usb-tablet,id=usb-tablet",
        "qemu-monitor-command 3 device_del usb-tablet",
    ]
    with pytest.raises(XeniaError, match="no USB device is emulated") as raised:
        await usb.plug(xl, WEB, OpenedUsb("tablet"))
    assert raised.value.kind is ErrorKind.INVALID


async def test_what_is_there_is_told(xl: Recorded, host: UsbHost) -> None:
    words = ("tablet", "mouse", "host:1.3", "host:046d:c077", "host:1.4")
    assert await usb.look(xl, HVM, words, host) == {"tablet", "host:1.3", "host:046d:c077"}
    assert await usb.look(xl, WEB, ("tablet",), host) == set()
