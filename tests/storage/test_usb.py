"""USB devices of the host, as a kernel shows them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.usb import read_usb, usb_word, usb_words
from xenia.storage.usb import UsbHost


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("tablet", "tablet"),
        (" Mouse ", "mouse"),
        ("host:1.3", "host:1.3"),
        ("host:001.003", "host:1.3"),
        ("host:46D:C077", "host:046d:c077"),
        ("host:0x46d:0xc077", "host:046d:c077"),
        ("hostbus=1,hostaddr=3", "host:1.3"),
        ("hostbus=1 hostaddr=3", "host:1.3"),
        ("type=hostdev, hostbus=1, hostaddr=3", "host:1.3"),
    ],
)
def test_a_device_is_read_in_the_words_of_xm_and_xl(text: str, word: str) -> None:
    assert read_usb(text) == word
    assert usb_word(word) == word


@pytest.mark.parametrize(
    "text", ["", "host", "host:", "host:1", "host:1.2.3", "host:12345:1", "disk:/x", "host:١.٢", "host:1.3\n", "a,b"]
)
def test_what_names_none_is_refused_with_what_does(text: str) -> None:
    if text.strip() == "host:1.3":
        assert usb_word(text) == "host:1.3"
        return
    with pytest.raises(XeniaError, match="names no USB device") as raised:
        read_usb(text)
    assert raised.value.kind is ErrorKind.INVALID
    assert "tablet" in (raised.value.hint or "")


def test_each_device_counts_once() -> None:
    assert usb_words(("tablet", "nonsense", "TABLET", "host:1.3", "hostbus=1,hostaddr=3")) == ("tablet", "host:1.3")


@pytest.fixture
def host(tmp_path: Path) -> UsbHost:
    made = UsbHost(tmp_path / "sys", tmp_path / "dev")
    for bus, address, vendor, product in ((1, 3, "046d", "c077"), (2, 4, "0951", "1666"), (2, 5, "0951", "1666")):
        folder = made.devices / f"{bus}-{address}"
        folder.mkdir(parents=True)
        for name, value in (("busnum", bus), ("devnum", address), ("idVendor", vendor), ("idProduct", product)):
            (folder / name).write_text(f"{value}\n")
    (made.devices / "1-3:1.0").mkdir()
    (made.nodes / "001").mkdir(parents=True)
    (made.nodes / "001/003").write_text("the device")
    return made


@pytest.mark.parametrize("word", ["host:1.3", "host:046d:c077"])
def test_a_device_is_found_and_opened(host: UsbHost, word: str) -> None:
    with host.open(word) as opened:
        assert (opened.word, opened.bus, opened.address) == (word, 1, 3)
        assert os.read(opened.descriptor, 99) == b"the device"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(opened.descriptor)


@pytest.mark.parametrize(
    ("word", "kind", "message", "hint"),
    [
        ("host:9.9", ErrorKind.NOT_FOUND, "no USB device host:9.9", "it has: host:1.3 (046d:c077), host:2.4"),
        ("host:0951:1666", ErrorKind.CONFLICT, "several USB devices", "host:2.4, host:2.5"),
        ("host:2.4", ErrorKind.UNAVAILABLE, "No such file", "only root"),
    ],
)
def test_what_cannot_be_had_is_said(host: UsbHost, word: str, kind: ErrorKind, message: str, hint: str) -> None:
    with pytest.raises(XeniaError, match=message) as raised, host.open(word):
        pass
    assert raised.value.kind is kind
    assert hint in (raised.value.hint or "")


def test_a_host_without_usb_says_so(tmp_path: Path) -> None:
    with pytest.raises(XeniaError) as raised, UsbHost(tmp_path / "sys", tmp_path).open("host:1.3"):
        pass
    assert raised.value.hint == "it has none: lsusb"
