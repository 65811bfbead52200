"""A guest's own kernel, from its image to the engine: options, which disk, the real worker, and what is refused."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from xenia.engines.qemu.kernel import prepare_boot
from xenia.lib.worker import Worker
from xenia.model.boot import Boot
from xenia.model.disk import Disk, DiskFormat, DiskMode, DiskSource
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import ErrorKind, ResourceError, XeniaError
from xenia.storage.bootloader import ImageBoot, boot_disk, boot_from_image
from xenia.storage.inspect import INSPECTIONS, Inspect
from xenia.storage.kernel import KernelFacts, close_boot
from xenia.storage.loader_options import LoaderOptions, loader_options
from xenia.storage.open import ImageLayer, OpenedDisk, Storage
from xenia.storage.paths import Roots

from .guest.images import FILES, MENU, RAMDISK, convert, ext, run
from .kernels import NEW_LINUX, PVH, XEN, bzimage, elf, gz

pytestmark = pytest.mark.usefixtures("no_descriptor_leaks")

KERNEL = bzimage() + bytes(3_000_000)
GUEST = FILES | {"boot/vmlinuz": KERNEL}


@pytest.fixture
async def real(no_descriptor_leaks: None) -> AsyncIterator[Inspect]:
    worker = Worker(INSPECTIONS, seconds=5, memory_mib=512, uid=65534 if os.geteuid() == 0 else None)
    await worker.start()
    yield worker.call
    await worker.close()


def content(descriptor: int) -> bytes:
    return os.pread(descriptor, 1 << 28, 0)


def nothing_refused(path: str, facts: KernelFacts) -> None:
    assert path
    assert facts.form != "unknown"


async def opened(path: Path, target: str = "xvda", **how: Any) -> OpenedDisk:
    async def sound(name: str, arguments: dict[str, Any], descriptors: Sequence[int]) -> dict[str, Any]:
        raise AssertionError(name)

    return await Storage(sound).open_disk(Disk(target, str(path), **how), Roots(unrestricted=True))


async def booted(disk: OpenedDisk, inspect: Inspect, **options: Any) -> ImageBoot:
    return await boot_from_image(disk, LoaderOptions(**options), inspect, nothing_refused)


def layered(*paths: Path) -> OpenedDisk:
    """An image with its layers, opened without looking at it."""
    layers = []
    for path in paths:
        form = DiskFormat.QCOW2 if path.suffix == ".qcow2" else DiskFormat.RAW
        layers.append(ImageLayer(str(path), form, os.open(path, os.O_RDONLY | os.O_CLOEXEC), False, 0))
    return OpenedDisk(Disk("xvda", str(paths[0])), tuple(layers))


def endless(sink: int) -> subprocess.Popen[bytes]:
    """A process that writes zeros as long as it can."""
    return subprocess.Popen(["cat", "/dev/zero"], stdout=sink, stderr=subprocess.DEVNULL)


def close(disk: OpenedDisk) -> None:
    for layer in disk.layers:
        os.close(layer.descriptor)


async def test_kernel_ramdisk_and_command_line_come_out_of_an_image(tmp_path: Path, real: Inspect) -> None:
    disk = await opened(ext(tmp_path / "disk", GUEST))
    try:
        image = await booted(disk, real, arguments="extra words")
    finally:
        close(disk)
    try:
        assert content(image.prepared.kernel) == KERNEL
        assert image.prepared.ramdisk is not None
        assert content(image.prepared.ramdisk) == RAMDISK
        assert image.prepared.command_line == "root=/dev/xvda1 ro extra words"
        assert image.prepared.facts.version.startswith("6.1.0-9-amd64")
        with pytest.raises(PermissionError):
            os.write(image.prepared.kernel, b"x")
        assert str(image) == (
            "boots '/boot/vmlinuz' with '/boot/initrd' from its image "
            "(entry 'Linux' of /boot/grub/grub.cfg in the disk itself)"
        )
    finally:
        close_boot(image.prepared)


async def test_a_kernel_that_is_compressed_as_a_whole_is_expanded(tmp_path: Path, real: Inspect) -> None:
    kernel = elf(64, notes=PVH, text=NEW_LINUX)
    disk = await opened(ext(tmp_path / "disk", {"k": gz(kernel)}))
    try:
        image = await booted(disk, real, kernel="/k")
    finally:
        close(disk)
    assert content(image.prepared.kernel) == kernel
    assert image.prepared.ramdisk is None
    assert (image.title, image.source, image.ramdisks) == ("", "", ())
    close_boot(image.prepared)


async def test_a_large_kernel_and_ramdisk_take_no_more_than_a_moment(tmp_path: Path, real: Inspect) -> None:
    big = os.urandom(4 << 20) * 10
    files = GUEST | {"boot/vmlinuz": bzimage() + big[: 8 << 20], "boot/initrd": big}
    raw = ext(tmp_path / "disk", files, "-b", "1024", size="96M")
    disk = layered(convert(raw, tmp_path / "disk.qcow2", "-c"))
    raw.unlink()
    started = time.monotonic()
    try:
        image = await booted(disk, real)
    finally:
        close(disk)
    assert time.monotonic() - started < 4
    assert image.prepared.ramdisk is not None
    assert os.fstat(image.prepared.ramdisk).st_size == len(big)
    close_boot(image.prepared)


async def test_an_image_with_as_many_layers_as_can_be_opened(tmp_path: Path, real: Inspect) -> None:
    layers = [ext(tmp_path / "base", GUEST)]
    for number in range(63):
        form = "qcow2" if number else "raw"
        layers.append(tmp_path / f"{number}.qcow2")
        run("qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", layers[-2], "-F", form, layers[-1], "16M")
    disk = layered(*reversed(layers))
    try:
        image = await booted(disk, real)
    finally:
        close(disk)
    assert content(image.prepared.kernel) == KERNEL
    close_boot(image.prepared)


@pytest.mark.parametrize(
    ("files", "options", "said"),
    [
        ({"etc/x": ""}, {}, "no configuration of a boot loader"),
        (GUEST, {"entry": "7"}, "has no entry '7': 0 'Linux'"),
        (GUEST, {"kernel": "/boot/nope"}, "in /boot there is grub, initrd, vmlinuz"),
        (GUEST | {"boot/grub/grub.cfg": MENU.replace("ro", "r\x01o")}, {}, "not one line of text"),
        (GUEST | {"boot/grub/grub.cfg": "menuentry '\x1b[31m' { chainloader +1\n}\n"}, {}, "starts no Linux kernel"),
        ({"k": b"x", "boot/grub/menu.lst": "title \x1b\u202e\nkernel /nope"}, {}, "which is not in the image"),
    ],
)
async def test_what_is_refused_says_why_and_leaves_nothing_open(
    tmp_path: Path, real: Inspect, files: dict[str, Any], options: dict[str, Any], said: str
) -> None:
    disk = await opened(ext(tmp_path / "disk", files))
    try:
        with pytest.raises(XeniaError) as caught:
            await booted(disk, real, **options)
    finally:
        close(disk)
    assert caught.value.kind is ErrorKind.INVALID
    assert said in caught.value.message
    assert caught.value.message.isprintable()
    assert caught.value.hint


async def test_a_worker_that_gives_too_much_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits are kept by who holds the memory, whatever the worker has become."""
    monkeypatch.setattr("xenia.storage.bootloader.KERNEL_LIMIT", 1 << 20)
    process = None

    async def taken_over(name: str, arguments: dict[str, Any], descriptors: Sequence[int]) -> dict[str, Any]:
        nonlocal process
        process = endless(descriptors[-2])
        return {"title": "", "source": "", "kernel": "k", "ramdisks": [], "arguments": ""}

    disk = await opened(ext(tmp_path / "disk", GUEST))
    try:
        with pytest.raises(XeniaError, match="larger than it may be"):
            await booted(disk, taken_over)
    finally:
        close(disk)
    assert process is not None
    assert process.wait(10) != 0


async def test_a_worker_that_never_lets_go_of_its_pipe_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xenia.storage.memory_file.DRAIN_SECONDS", 0.2)
    held = []

    async def taken_over(name: str, arguments: dict[str, Any], descriptors: Sequence[int]) -> dict[str, Any]:
        held.append(os.dup(descriptors[-1]))
        return {"title": "", "source": "", "kernel": "k", "ramdisks": [], "arguments": ""}

    disk = await opened(ext(tmp_path / "disk", GUEST))
    try:
        with pytest.raises(XeniaError, match="does not come to its end") as caught:
            await booted(disk, taken_over)
    finally:
        close(disk)
        os.close(held[0])
    assert caught.value.kind is ErrorKind.UNAVAILABLE


@pytest.mark.parametrize(
    ("targets", "chosen"),
    [("xvda xvdb", "xvda"), ("xvdc! xvda", "xvda"), ("xvdc! xvdd!", "xvdc"), ("xvdb xvda", "xvdb")],
)
def test_the_first_disk_is_read_that_is_no_cd_rom(targets: str, chosen: str) -> None:
    disks = [
        Disk(word.rstrip("!"), "/x", cdrom=word.endswith("!"), item=item) for item, word in enumerate(targets.split())
    ]
    layer = ImageLayer("/x", DiskFormat.RAW, -1, False, 0)
    found = [OpenedDisk(replace(disk, mode=DiskMode.SHARED), (layer,)) for disk in disks]
    disk = boot_disk(disks, found)
    assert disk is not None
    assert disk.disk.target == chosen
    assert boot_disk(disks, [one for one in found if one.disk.target != chosen]) is None


def test_without_a_disk_or_a_medium_there_is_nothing_to_read() -> None:
    with pytest.raises(XeniaError, match="has none"):
        boot_disk([], [])
    empty = Disk("xvdc", source=DiskSource.EMPTY, cdrom=True)
    with pytest.raises(XeniaError, match="no medium"):
        boot_disk([empty], [OpenedDisk(empty)])


@pytest.mark.parametrize("name", ["pygrub", "/usr/bin/pygrub", "/usr/lib/xen-4.1/bin/pygrub"])
def test_pygrub_is_known_wherever_it_lies(name: str) -> None:
    assert loader_options(Boot(bootloader=name)) == LoaderOptions()


@pytest.mark.parametrize(
    ("name", "said"),
    [("pvgrub", "runs as the guest"), ("/usr/lib/xen/pv-grub-x86_64.gz", "runs as the guest"), ("/x/mine", "not run")],
)
def test_other_boot_loaders_are_refused(name: str, said: str) -> None:
    with pytest.raises(XeniaError, match=said) as caught:
        loader_options(Boot(bootloader=name))
    assert "pygrub" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("bootargs", "options"),
    [
        ("-q", LoaderOptions(arguments="root=/dev/xvda1 4")),
        ("--kernel=/k --ramdisk /r", LoaderOptions("/k", "/r", arguments="root=/dev/xvda1 4")),
        ("--entry='Linux 6'", LoaderOptions(entry="Linux 6", arguments="root=/dev/xvda1 4")),
        ("--args='a b' --quiet", LoaderOptions(arguments="a b")),
        ("single x=1", LoaderOptions(arguments="root=/dev/xvda1 4 single x=1")),
        ("--offset=512 --output-format=simple -i", LoaderOptions(arguments="root=/dev/xvda1 4", offset=512)),
    ],
)
def test_options_of_pygrub(bootargs: str, options: LoaderOptions) -> None:
    boot = Boot(root="/dev/xvda1", extra="4", bootloader="pygrub", bootargs=bootargs)
    assert loader_options(boot) == options


@pytest.mark.parametrize("bootargs", ["--kernal=/k", "--entry", "--offset=x", "'open", "--", "-x"])
def test_options_that_pygrub_does_not_have(bootargs: str) -> None:
    with pytest.raises(XeniaError) as caught:
        loader_options(Boot(bootloader="pygrub", bootargs=bootargs))
    assert caught.value.kind is ErrorKind.INVALID


async def test_a_guest_on_qemu_boots_from_its_image(tmp_path: Path, real: Inspect, anything: Roots) -> None:
    menu = MENU.replace("/dev/xvda1", "/dev/sda1")
    disk = await opened(ext(tmp_path / "disk", GUEST | {"boot/grub/grub.cfg": menu}), "xvda")
    boot = Boot(bootloader="pygrub", extra="4")
    config = DomainConfig("guest", kind=Kind.PVH, disks=(disk.disk,), boot=boot)
    try:
        prepared = await prepare_boot(config, anything, [disk], real)
        assert prepared is not None
        assert prepared.command_line == "root=/dev/vda1 ro 4 console=ttyS0 console=hvc0"
        assert content(prepared.kernel) == KERNEL
        assert [key for key, _ in prepared.notes] == ["bootloader"] * 3
        assert "becomes root=/dev/vda1" in prepared.notes[1][1]
        close_boot(prepared)
        assert await prepare_boot(config, anything, [], real) is None
    finally:
        close(disk)


@pytest.mark.parametrize(
    ("files", "boot", "said"),
    [
        ({"boot/vmlinuz": gz(elf(notes=XEN, entry=0xC0100000))}, {}, "Xen-only kernel"),
        ({"boot/vmlinuz": b"text"}, {}, "is not a kernel"),
        ({}, {"bootargs": "--args='" + "x" * 3000 + "'"}, "Linux takes 2047"),
        ({}, {"bootloader": "pvgrub"}, "runs as the guest"),
    ],
)
async def test_what_qemu_cannot_boot_is_refused_under_the_key_of_the_boot_loader(
    tmp_path: Path, real: Inspect, anything: Roots, files: dict[str, Any], boot: dict[str, str], said: str
) -> None:
    disk = await opened(ext(tmp_path / "disk", GUEST | files))
    config = DomainConfig("guest", disks=(disk.disk,), boot=Boot(**({"bootloader": "pygrub"} | boot)))
    try:
        with pytest.raises(ResourceError, match=said) as caught:
            await prepare_boot(config, anything, [disk], real)
    finally:
        close(disk)
    assert caught.value.key == "bootloader"
