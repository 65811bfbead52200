"""USB devices of the host: found in sysfs, opened for a guest (Linux Documentation/ABI/testing/sysfs-bus-usb,
Documentation/driver-api/usb/usb.rst).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xenia.model.errors import XeniaError, conflict, not_found, unavailable

_DEVICES = Path("/sys/bus/usb/devices")
_NODES = Path("/dev/bus/usb")


@dataclass(frozen=True, slots=True)
class OpenedUsb:
    """`word` is its name (model.usb). `descriptor` is open for reading and writing, and is the lender's to close."""

    word: str
    bus: int = 0
    address: int = 0
    descriptor: int = -1


@dataclass(frozen=True, slots=True)
class UsbHost:
    """`devices` and `nodes` are where the kernel shows them."""

    devices: Path = _DEVICES
    nodes: Path = _NODES

    @contextmanager
    def open(self, word: str) -> Iterator[OpenedUsb]:
        """Open the device `word`. Raises not_found with what there is, a conflict where several could be meant,
        unavailable.
        """
        bus, address = self.find(word)
        path = self.nodes / f"{bus:03}" / f"{address:03}"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise unavailable(
                f"the USB device {word} cannot be opened: {path}: {error.strerror}",
                "only root may hand out devices of the host",
            ) from error
        try:
            yield OpenedUsb(word, bus, address, descriptor)
        finally:
            os.close(descriptor)

    def find(self, word: str) -> tuple[int, int]:
        """Bus and address of the device `word`. Raises not_found with what there is, a conflict."""
        names = word.removeprefix("host:")
        there = dict(self._there())
        found = [place for place, product in there.items() if names in (f"{place[0]}.{place[1]}", product)]
        if len(found) == 1:
            return found[0]
        if found:
            several = ", ".join(f"host:{bus}.{address}" for bus, address in sorted(found))
            raise conflict(f"the host has several USB devices {names}", f"name one by bus and address: {several}")
        raise _none_such(word, there)

    def _there(self) -> Iterator[tuple[tuple[int, int], str]]:
        """Bus and address of each device, and its vendor and product."""
        try:
            folders = sorted(self.devices.iterdir())
        except OSError:
            return
        for folder in folders:
            try:
                place = int(_text(folder / "busnum")), int(_text(folder / "devnum"))
                yield place, f"{_text(folder / 'idVendor')}:{_text(folder / 'idProduct')}"
            except (OSError, ValueError):  # an interface, or a device that is just being pulled
                continue


def _none_such(word: str, there: dict[tuple[int, int], str]) -> XeniaError:
    known = ", ".join(f"host:{bus}.{address} ({product})" for (bus, address), product in sorted(there.items()))
    return not_found(f"the host has no USB device {word}", f"it has: {known}" if known else "it has none: lsusb")


def _text(path: Path) -> str:
    return path.read_text().strip()
