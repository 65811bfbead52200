"""Every device that a guest file can name is one that QEMU accepts, at its place."""

from __future__ import annotations

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.engines.qemu import sectors
from tests.engines.qemu.conftest import Host, opened

from xenia.engines.base import ConsoleKind, Resources
from xenia.engines.qemu import firmware
from xenia.model.boot import Boot, Firmware
from xenia.model.disk import Disk, DiskBus, DiskFormat, DiskMode, DiskSource
from xenia.model.display import Display, VgaModel
from xenia.model.domain import DomainConfig, Kind, Platform
from xenia.model.vif import Vif, VifType
from xenia.network.attach import AttachedVif
from xenia.storage.kernel import KernelFacts, PreparedBoot
from xenia.storage.open import ImageLayer, OpenedDisk

pytestmark = pytest.mark.qemu

GRUB_ISO = Path("/usr/lib/grub-rescue/grub-rescue-cdrom.iso")
KERNEL = Path("/boot/memtest86+x64.bin")


def has_device(driver: str) -> bool:
    """Whether this QEMU knows the device; Debian keeps some in packages of their own."""
    asked = subprocess.run(["qemu-system-x86_64", "-device", f"{driver},help"], capture_output=True, check=False)
    return b" options:" in asked.stdout


async def accepted(host: Host, config: DomainConfig) -> list[str]:
    """Start `config` with cards of user-mode networking; the words of its command line."""
    macs = tuple(f"00:16:3e:00:00:{number:02x}" for number in range(len(config.vifs)))
    started = host.new(config, macs)
    vifs = [AttachedVif(vif, mac) for vif, mac in zip(config.vifs, macs, strict=True)]
    with opened(config) as disks:
        await host.engine.start(started, Resources(disks, vifs))
    return Path(f"/proc/{host.pid(started)}/cmdline").read_text().split("\0")


def devices(words: list[str], option: str = "-device") -> list[dict[str, Any]]:
    return [json.loads(value) for word, value in itertools.pairwise(words) if word == option]


def cards(*models: str | None) -> tuple[Vif, ...]:
    return tuple(Vif(model=model, item=number) for number, model in enumerate(models))


def disk(host: Host, target: str, bus: DiskBus, **changes: Any) -> Disk:
    return Disk(target, str(host.image(bytes(1 << 20))), bus=bus, **changes)


async def test_an_hvm_guest_of_old_with_all_there_is(host: Host) -> None:
    empty = Disk("hdc", source=DiskSource.EMPTY, bus=DiskBus.IDE, cdrom=True, mode=DiskMode.READ_ONLY)
    config = host.config(
        disks=(
            disk(host, "hda", DiskBus.IDE),
            disk(host, "sda", DiskBus.SCSI),
            empty,
            disk(host, "xvdb", DiskBus.XEN, mode=DiskMode.SHARED),
            disk(host, "vdc", DiskBus.VIRTIO),
            disk(host, "fda", DiskBus.FLOPPY),
            disk(host, "scd0", DiskBus.SCSI, cdrom=True, mode=DiskMode.READ_ONLY),
        ),
        vifs=cards(None, "e1000", "ne2k_pci", "pcnet", "virtio", "i82551"),
        display=Display(vga=VgaModel.CIRRUS, video_ram=8),
        platform=Platform(usb=True, usb_devices=("tablet", "mouse"), sound="es1370", apic=False, rtc_timeoffset=3600),
        vcpus=2,
        max_vcpus=4,
        boot=Boot(order="acdn"),
    )
    words = await accepted(host, config)
    found = devices(words)
    drives = [(device["driver"], device["id"]) for device in found if device.get("id", "").startswith("vbd")]
    assert [driver for driver, _ in drives] == [
        "ide-hd", "scsi-hd", "ide-cd", "virtio-blk-pci", "virtio-blk-pci", "floppy", "scsi-cd"
    ]  # fmt: skip
    orders = [device["bootindex"] for device in found if "bootindex" in device]
    assert orders == [200, 201, 302, 203, 204, 306, 400, 401, 402, 403, 404, 405]
    assert "isa-fdc.bootindexA=105" in words
    assert [device.get("share-rw") for device in found if device["driver"] == "virtio-blk-pci"] == [True, None]


@pytest.mark.parametrize("sound", ["ac97", "hda", "sb16", "adlib"])
async def test_sound_cards(host: Host, sound: str) -> None:
    await accepted(host, host.config(platform=Platform(sound=sound, acpi=False, localtime=True)))


@pytest.mark.parametrize("vga", [VgaModel.STANDARD, VgaModel.QXL, VgaModel.CIRRUS])
@pytest.mark.parametrize("video_ram", [None, 1, 32])
async def test_vga_cards_of_any_memory(host: Host, vga: VgaModel, video_ram: int | None) -> None:
    if vga is VgaModel.QXL and not has_device("qxl-vga"):
        pytest.skip("the package qemu-system-modules-spice is not installed")
    await accepted(host, host.config(display=Display(vga=vga, video_ram=video_ram)))


async def test_a_direct_boot_has_virtio_devices_and_both_consoles(host: Host) -> None:
    config = host.config(
        kind=Kind.PVH,
        boot=Boot(kernel=str(KERNEL)),
        disks=(
            disk(host, "hda1", DiskBus.IDE),
            Disk("hdc", source=DiskSource.EMPTY, bus=DiskBus.IDE, cdrom=True),
            disk(host, "xvdb", DiskBus.XEN, cdrom=True, mode=DiskMode.READ_ONLY),
        ),
        vifs=(Vif(type=VifType.PARAVIRTUAL), Vif(type=VifType.PARAVIRTUAL, item=1)),
        platform=Platform(usb=True, sound="hda"),
        display=Display(vnc=True),
    )
    words = await accepted(host, config)
    assert words[words.index("-machine") + 1].startswith("pc-q35-")
    found = devices(words)
    assert [device["driver"] for device in found if device.get("id", "").startswith("vbd")] == [
        "virtio-blk-pci", "scsi-cd", "virtio-blk-pci"
    ]  # fmt: skip
    assert {"isa-serial", "VGA", "virtio-serial-pci"} <= {device["driver"] for device in found}
    assert set(host.observed(host.started[-1]).consoles) == {ConsoleKind.SERIAL, ConsoleKind.PARAVIRTUAL}


async def test_a_kernel_of_the_host_is_booted(host: Host) -> None:
    started = host.new(host.config(kind=Kind.PVH, memory=64, boot=Boot(kernel=str(KERNEL))))
    with KERNEL.open("rb") as kernel:
        boot = PreparedBoot(kernel.fileno(), None, "console=ttyS0,115200", KernelFacts("bzimage"))
        await host.engine.start(started, Resources(boot=boot))
    async with host.speaker(started) as console:
        await host.engine.unpause(started.uuid)
        await console.until("Memtest86+")


async def test_a_cd_rom_is_booted_in_the_order_of_the_file(host: Host) -> None:
    hard = disk(host, "hda", DiskBus.IDE)
    Path(hard.path).write_bytes(sectors.saying("from the hard disk\n"))
    cdrom = Disk("hdc", str(GRUB_ISO), bus=DiskBus.IDE, cdrom=True, mode=DiskMode.READ_ONLY)
    started = await host.start(host.config(disks=(hard, cdrom), boot=Boot(order="c")))
    async with host.speaker(started) as console:
        await host.engine.unpause(started.uuid)
        await console.until("from the hard disk\n")


async def test_an_overlay_is_used_with_its_whole_chain_by_descriptors(host: Host) -> None:
    base = host.image(sectors.saying("from the backing file\n"))
    middle, top = host.folder / "middle.qcow2", host.folder / "top.qcow2"
    for image, below, form in ((middle, base, "raw"), (top, middle, "qcow2")):
        command = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", below, "-F", form, image]
        subprocess.run(command, check=True)  # noqa: ASYNC221 (nothing else runs)
    moved = host.folder / "moved"
    base.rename(moved)  # names inside the images lead nowhere now
    config = host.config(disks=(Disk("hda", str(top), format=DiskFormat.QCOW2, bus=DiskBus.IDE),))
    started = host.new(config)
    with top.open("r+b") as first, middle.open("rb") as second, moved.open("rb") as third:
        layers = (
            ImageLayer(str(top), DiskFormat.QCOW2, first.fileno(), True, 1 << 20),
            ImageLayer(str(middle), DiskFormat.QCOW2, second.fileno(), False, 1 << 20),
            ImageLayer(str(moved), DiskFormat.RAW, third.fileno(), False, 1 << 20),
        )
        await host.engine.start(started, Resources([OpenedDisk(config.disks[0], layers)]))
    async with host.speaker(started) as console:
        await host.engine.unpause(started.uuid)
        await console.until("from the backing file\n")


@pytest.mark.skipif(not any(code.is_file() for code, _ in firmware.OVMF), reason="the package ovmf is not installed")
async def test_uefi_starts(host: Host) -> None:
    config = host.config(
        sectors.saying(""), memory=128, boot=Boot(firmware=Firmware.UEFI), display=Display(vga=VgaModel.STANDARD)
    )
    words = await accepted(host, config)
    assert words[words.index("-machine") + 1].startswith("pc-q35-")


async def test_uefi_without_its_firmware_names_the_package(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firmware, "OVMF", ())
    with pytest.raises(Exception, match="UEFI") as failure:
        await accepted(host, host.config(boot=Boot(firmware=Firmware.UEFI)))
    assert getattr(failure.value, "hint", None) == "apt install ovmf"
    assert list(host.settings.run_dir.iterdir()) == []


async def test_a_floppy_is_booted(host: Host) -> None:
    floppy = Disk("fda", str(host.image(sectors.saying("from the floppy\n"))), bus=DiskBus.FLOPPY)
    started = await host.start(host.config(disks=(floppy,), boot=Boot(order="ac")))
    async with host.speaker(started) as console:
        await host.engine.unpause(started.uuid)
        await console.until("from the floppy\n")
