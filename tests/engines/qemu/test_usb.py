"""USB devices of real QEMU guests, which come and go while they run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.engines.qemu import sectors
from tests.engines.qemu.conftest import Host

from xenia.model.boot import Boot, Firmware
from xenia.model.domain import Platform
from xenia.model.errors import ErrorKind, XeniaError
from xenia.storage.usb import OpenedUsb

pytestmark = pytest.mark.qemu


@pytest.mark.parametrize("firmware", [Firmware.BIOS, Firmware.UEFI])
async def test_emulated_devices_come_and_go_on_both_boards(host: Host, firmware: Firmware) -> None:
    started = await host.start(host.config(sectors.obedient(), boot=Boot(firmware=firmware)))
    await host.engine.unpause(started.uuid)
    assert host.observed(started).usb == set()
    for word in ("tablet", "mouse", "keyboard"):
        await host.engine.attach_usb(started, OpenedUsb(word))
    assert host.observed(started).usb == {"tablet", "mouse", "keyboard"}
    told = await host.engine.monitor_command(started.uuid, "info usb")
    assert "QEMU USB Tablet" in told
    (found,) = await host.new_engine()
    assert found.usb == {"tablet", "mouse", "keyboard"}
    await host.engine.detach_usb(started, "mouse")
    assert host.observed(started).usb == {"tablet", "keyboard"}
    with pytest.raises(XeniaError) as raised:
        await host.engine.detach_usb(started, "mouse")
    assert raised.value.kind is ErrorKind.ENGINE_FAILED
    await host.engine.attach_usb(started, OpenedUsb("mouse"))


async def test_one_that_was_there_from_the_start_goes_as_well(host: Host) -> None:
    devices = Platform(usb_devices=("tablet", "TABLET", "nonsense"))
    started = await host.run(sectors.obedient(), platform=devices)
    (found,) = await host.new_engine()
    assert found.usb == {"tablet"}
    await host.engine.detach_usb(started, "tablet")
    assert host.observed(started).usb == set()


async def test_a_device_of_the_host_is_handed_over_opened(host: Host, tmp_path: Path) -> None:
    """There is no hardware to try: QEMU says of a file that it is no USB device, so it has got it."""
    started = await host.run(sectors.obedient())
    path = tmp_path / "device"
    path.touch()
    descriptor = os.open(path, os.O_RDWR)
    try:
        with pytest.raises(XeniaError, match="failed to open host usb device /dev/fdset/") as raised:
            await host.engine.attach_usb(started, OpenedUsb("host:1.3", 1, 3, descriptor))
    finally:
        os.close(descriptor)
    assert raised.value.kind is ErrorKind.ENGINE_FAILED
    assert host.observed(started).usb == set()
