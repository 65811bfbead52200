"""Starts that fail: what is said, and that nothing is left."""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engines.qemu.conftest import Host, opened
from tests.support.waiting import until

from xenia.engines.base import Resources
from xenia.engines.qemu.engine import QemuEngine
from xenia.engines.qemu.monitor import Monitor, NoAnswer, connect_to
from xenia.model.display import Display, VgaModel
from xenia.model.domain import Started, State
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.vif import Vif

pytestmark = pytest.mark.qemu


def leaves_nothing(host: Host, started: Started) -> None:
    assert host.engine.observe(started.uuid) is None
    assert not host.run_folder(started).exists()
    with pytest.raises(AssertionError):
        host.pid(started)


async def refused(host: Host, started: Started) -> XeniaError:
    with opened(started.config) as disks, pytest.raises(XeniaError) as failure:
        await host.engine.start(started, Resources(disks))
    leaves_nothing(host, started)
    return failure.value


async def test_an_argument_that_qemu_refuses_is_told_in_its_words(host: Host) -> None:
    started = replace(host.new(host.config()), abi={"cpu": "nonsense"})
    error = await refused(host, started)
    assert error.kind is ErrorKind.ENGINE_FAILED
    assert "unable to find CPU model 'nonsense'" in error.message
    assert "exit status 1" in error.message
    assert str(host.settings.log_dir) in (error.hint or "")


async def test_a_damaged_image_is_told_in_its_words(host: Host) -> None:
    config = host.config(b"this is no qcow2" * 100)
    disk = replace(config.disks[0], format="qcow2")
    error = await refused(host, host.new(replace(config, disks=(disk,))))
    assert "Image is not in qcow2 format" in error.message


async def test_a_machine_type_that_qemu_no_longer_has_is_named(host: Host) -> None:
    error = await refused(host, replace(host.new(host.config()), abi={"machine": "pc-i440fx-0.1", "cpu": "max"}))
    assert "pc-i440fx-0.1" in error.message
    assert "7." in error.message or "QEMU" in error.message


async def test_a_recorded_machine_type_is_used(host: Host) -> None:
    started = replace(host.new(host.config()), abi={"machine": "pc-i440fx-6.2", "cpu": "qemu64"})
    host.started[-1] = started
    await host.engine.start(started, Resources())
    words = Path(f"/proc/{host.pid(started)}/cmdline").read_text().split("\0")
    assert words[words.index("-machine") + 1].startswith("pc-i440fx-6.2,")
    assert words[words.index("-cpu") + 1] == "qemu64"


async def test_what_cannot_be_on_qemu_is_refused_before_anything_is_started(host: Host) -> None:
    error = await refused(host, host.new(host.config(vifs=(Vif(model="floppycard"),))))
    assert error.kind is ErrorKind.INVALID


async def test_a_taken_vnc_display_is_named(host: Host) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        display = Display(vga=VgaModel.STANDARD, vnc=True, vnc_unused=False, vnc_display=port - 5900)
        error = await refused(host, host.new(host.config(display=display)))
    assert error.kind is ErrorKind.CONFLICT
    assert f"port {port}" in error.message
    assert "vncunused=1" in (error.hint or "")


async def test_a_qemu_that_is_not_installed_is_named(host: Host) -> None:
    engine = QemuEngine(replace(host.settings, binary="qemu-system-none"))
    report = await engine.probe()
    assert not report.usable
    assert "qemu-system-none is not installed" in report.reason
    assert "apt install" in report.reason
    started = host.new(host.config())
    with pytest.raises(XeniaError, match="not installed") as failure:
        await engine.start(started, Resources())
    assert failure.value.kind is ErrorKind.UNAVAILABLE
    leaves_nothing(host, started)


async def test_a_binary_that_is_no_qemu_is_told_by_what_it_says(host: Host) -> None:
    impostor = host.folder / "qemu-system-impostor"
    impostor.write_text("#!/bin/sh\necho I am a shell script\nexit 3\n")
    impostor.chmod(0o755)
    engine = QemuEngine(replace(host.settings, binary=str(impostor)))
    report = await engine.probe()
    assert not report.usable
    assert "I am a shell script" in report.reason
    started = host.new(host.config())
    with pytest.raises(XeniaError, match=r"\(exit status 3\): I am a shell script"):
        await engine.start(started, Resources())
    leaves_nothing(host, started)


async def test_a_run_folder_that_cannot_be_made_is_named(host: Host) -> None:
    file = host.folder / "file"
    file.write_text("")
    engine = QemuEngine(replace(host.settings, run_dir=file))
    with pytest.raises(XeniaError, match="Not a directory") as failure:
        await engine.start(host.new(host.config()), Resources())
    assert failure.value.kind is ErrorKind.UNAVAILABLE


async def test_a_run_folder_may_be_deeper_than_a_sockets_name_is_long(host: Host) -> None:
    engine = QemuEngine(replace(host.settings, run_dir=host.folder / ("d" * 100)))
    await engine.probe()
    started = host.new(host.config())
    observed = await engine.start(started, Resources())
    assert observed.state is State.PAUSED
    await engine.destroy(started.uuid)
    await engine.close()


async def test_a_start_that_is_cancelled_leaves_nothing(host: Host) -> None:
    started = host.new(host.config())
    task = asyncio.get_running_loop().create_task(host.engine.start(started, Resources()))
    await until((host.run_folder(started) / "monitor.sock").exists)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    leaves_nothing(host, started)


async def test_operations_on_what_does_not_run_are_refused(host: Host) -> None:
    uuid = host.new(host.config()).uuid
    for operation in (host.engine.pause, host.engine.unpause, host.engine.shutdown, host.engine.reset):
        with pytest.raises(XeniaError) as failure:
            await operation(uuid)
        assert failure.value.kind is ErrorKind.ENGINE_FAILED
    assert host.engine.observe(uuid) is None


async def test_vnc_moves_on_to_a_free_display_and_says_which(host: Host) -> None:
    display = Display(vga=VgaModel.CIRRUS, vnc=True)
    guests = [await host.start(host.config(display=display)) for _ in range(2)]
    doors = [host.observed(guest).vnc for guest in guests]
    assert len(set(doors)) == 2
    for door in doors:
        address, _, number = (door or "").rpartition(":")
        with socket.create_connection((address, 5900 + int(number)), timeout=10) as client:
            assert client.recv(12) == b"RFB 003.008\n"


async def test_vnc_asks_for_the_password_which_no_command_line_shows(host: Host) -> None:
    display = Display(vga=VgaModel.CIRRUS, vnc=True, vnc_password="sesame12345")
    started = await host.start(host.config(display=display))
    assert b"sesame" not in Path(f"/proc/{host.pid(started)}/cmdline").read_bytes()
    address, _, number = (host.observed(started).vnc or "").rpartition(":")
    with socket.create_connection((address, 5900 + int(number)), timeout=10) as client:
        client.recv(12)
        client.sendall(b"RFB 003.008\n")
        assert client.recv(16) == b"\x01\x02"  # one security type: VNC authentication (RFC 6143, 7.1.2)


async def test_a_monitor_that_never_greets_is_given_up(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "silent.sock"))
        listener.listen()
        monitor = Monitor(lambda _event, _data: None)
        with pytest.raises(NoAnswer, match="did not greet"):
            await monitor.connect(connect_to(folder / "silent.sock"), seconds=0.1)
        await monitor.close()


async def test_a_command_that_qemu_refuses_is_told_in_its_words(host: Host) -> None:
    started = await host.start(host.config())
    await host.engine.close()
    monitor = Monitor(lambda _event, _data: None)
    await monitor.connect(connect_to(host.run_folder(started) / "monitor.sock"), seconds=10)
    with pytest.raises(XeniaError, match="QEMU refused nonsense: The command nonsense has not been found"):
        await monitor.execute("nonsense")
    await monitor.close()
    await host.new_engine()
    assert host.observed(started).state is State.PAUSED
    assert os.listdir(host.settings.run_dir) == [started.uuid]
