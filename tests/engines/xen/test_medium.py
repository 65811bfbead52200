"""The medium of a drive, changed at the monitor of a QEMU that is the test's."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from xenia.engines import tray
from xenia.engines.xen import medium, qmp
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.settings import XenSettings
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode, DiskSource
from xenia.model.domain import DomainConfig, Kind, State
from xenia.model.errors import ErrorKind, XeniaError
from xenia.storage.open import ImageLayer, OpenedDisk

CD = Disk("hdc", source=DiskSource.EMPTY, cdrom=True, bus=DiskBus.IDE, mode=DiskMode.READ_ONLY)
CONFIG = DomainConfig("web", Kind.HVM, disks=(CD,))


@dataclass
class Qemu:
    """One drive, ide-5632. `locks`: how often the guest has yet to be asked for it; `broken`: what it cannot
    open.
    """

    medium: str | None = None
    locks: int = 0
    broken: str = ""
    done: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"QMP": {}}\n')
        while line := await reader.readline():
            request = json.loads(line)
            writer.write(b'{"event": "DEVICE_TRAY_MOVED", "data": {}}\n')
            writer.write(json.dumps(self._answer(request["execute"], request["arguments"])).encode() + b"\n")
        writer.close()

    def _answer(self, command: str, words: dict[str, Any]) -> dict[str, Any]:
        self.done.append(command)
        assert words.get("id", "ide-5632") == "ide-5632"
        match command:
            case "blockdev-open-tray" if self.locks and not words["force"]:
                self.locks -= 1
                return {"error": {"desc": "Device 'ide-5632' is locked and force was not specified"}}
            case "eject":
                self.medium = None
            case "blockdev-change-medium":
                if words["filename"] == self.broken:
                    return {"error": {"desc": "Could not open it"}}
                self.medium = words["filename"]
            case "query-block":
                return {"return": [{"device": "ide-5632"} | ({"inserted": {}} if self.medium else {})]}
        return {"return": {}}


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="qm") as folder:
        connect = qmp.connect
        monkeypatch.setattr(qmp, "connect", lambda domid: connect(domid, Path(folder)))
        yield Path(folder)


@pytest.fixture
async def qemu(sockets: Path) -> AsyncIterator[Qemu]:
    made = Qemu()
    server = await asyncio.start_unix_server(made.serve, sockets / "qmp-libxl-0")
    async with server:
        yield made


@pytest.fixture
def settings(tmp_path: Path) -> XenSettings:
    return XenSettings(tmp_path)


def guest(media: dict[str, bool] | None = None) -> Guest:
    made = Guest("uuid", 0, "web", Kind.HVM, State.RUNNING)
    medium.started(made, CONFIG)
    made.media = media or made.media
    return made


def inserted(device: str, format: DiskFormat = DiskFormat.RAW) -> OpenedDisk:
    """The descriptor is only looked at."""
    disk = Disk("hdc", device, DiskSource.BLOCK, format=format, cdrom=True, bus=DiskBus.IDE, mode=DiskMode.READ_ONLY)
    return OpenedDisk(disk, (ImageLayer(device, format, os.open(device, os.O_RDONLY), False, 1 << 20, True),))


async def change(
    store: Xenstore, web: Guest, opened: OpenedDisk, settings: XenSettings, *, force: bool = False
) -> None:
    try:
        await medium.change(store, web, opened, settings, force=force)
    finally:
        for layer in opened.layers:
            os.close(layer.descriptor)


async def test_a_medium_comes_is_found_again_and_goes(
    store: Xenstore, settings: XenSettings, qemu: Qemu, disk: str
) -> None:
    web = guest()
    assert web.media == {"hdc": False}
    await change(store, web, inserted(disk), settings)
    assert (web.media, qemu.medium) == ({"hdc": True}, disk)
    again = guest()
    await medium.look(again, CONFIG)
    assert again.media == {"hdc": True}
    await change(store, web, OpenedDisk(CD), settings)
    assert (web.media, qemu.medium) == ({"hdc": False}, None)
    assert "blockdev-change-medium" not in qemu.done[-3:]


@pytest.mark.parametrize(("locks", "force"), [(1, False), (9999, True)])
async def test_a_drive_that_the_guest_gives_free_or_that_is_forced(
    store: Xenstore, settings: XenSettings, qemu: Qemu, locks: int, force: bool
) -> None:
    qemu.medium, qemu.locks = "/x", locks
    await change(store, guest(), OpenedDisk(CD), settings, force=force)
    assert qemu.medium is None


async def test_a_drive_that_stays_locked_keeps_its_medium(
    store: Xenstore, settings: XenSettings, qemu: Qemu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tray, "UNLOCK_SECONDS", 0.0)
    qemu.medium, qemu.locks, web = "/x", 9999, guest()
    with pytest.raises(XeniaError, match="has locked the drive hdc") as raised:
        await change(store, web, OpenedDisk(CD), settings)
    assert raised.value.kind is ErrorKind.CONFLICT
    assert (web.media, qemu.medium) == ({"hdc": True}, "/x")


async def test_a_medium_that_qemu_does_not_open_leaves_the_drive_as_it_is(
    store: Xenstore, settings: XenSettings, qemu: Qemu, disk: str
) -> None:
    qemu.broken, web = disk, guest()
    with pytest.raises(XeniaError, match="QEMU refuses blockdev-change-medium: Could not open it"):
        await change(store, web, inserted(disk), settings)
    assert web.media == {"hdc": False}


async def test_what_is_no_drive_or_no_medium_is_refused(
    store: Xenstore, settings: XenSettings, qemu: Qemu, disk: str
) -> None:
    with pytest.raises(XeniaError, match="xvdz is no drive whose medium can be changed"):
        await change(store, guest(), OpenedDisk(Disk("xvdz")), settings)
    with pytest.raises(XeniaError, match="is a qcow2 image, and a medium is a raw one"):
        await change(store, guest(), inserted(disk, DiskFormat.QCOW2), settings)
    assert medium.drives_of(DomainConfig("web", Kind.PV, disks=(CD,))) == {}


async def test_a_qemu_that_is_gone_is_said(store: Xenstore, settings: XenSettings, sockets: Path) -> None:
    with pytest.raises(XeniaError, match="the guest's QEMU cannot be reached: "):
        await change(store, guest(), OpenedDisk(CD), settings)
    web = guest()
    await medium.look(web, CONFIG)
    assert web.media is None
    (sockets / "qmp-libxl-0").write_text("")
    await medium.look(web, CONFIG)
    assert web.media is None


async def test_a_qemu_that_does_not_answer_is_said(
    store: Xenstore, settings: XenSettings, sockets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qmp, "SECONDS", 0.05)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_unix_server(silent, sockets / "qmp-libxl-0"):
        with pytest.raises(XeniaError, match="the guest's QEMU does not answer"):
            await change(store, guest(), OpenedDisk(CD), settings)
