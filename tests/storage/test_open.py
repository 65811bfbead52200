from __future__ import annotations

import os
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from xenia.model.disk import Disk, DiskFormat, DiskMode, DiskSource
from xenia.model.errors import ErrorKind, XeniaError, unavailable
from xenia.storage.inspect import Inspect
from xenia.storage.lock import usage
from xenia.storage.open import DEPTH_LIMIT, OpenedDisk, Storage
from xenia.storage.paths import Roots

pytestmark = pytest.mark.usefixtures("no_descriptor_leaks")


@pytest.fixture
def storage(inspect: Inspect) -> Storage:
    return Storage(inspect)


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that every user can look into, unlike tmp_path."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def raw(path: Path, size: int = 1 << 20) -> Path:
    path.write_bytes(b"")
    os.truncate(path, size)
    return path


def qcow2(path: Path, *arguments: str, size: str = "8M") -> Path:
    subprocess.run(["qemu-img", "create", "-q", "-u", "-f", "qcow2", *arguments, str(path), size], check=True)
    return path


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def disk(path: Path | str, form: DiskFormat = DiskFormat.RAW, **more: Any) -> Disk:
    return Disk("xvda", str(path), format=form, **more)


async def refused(storage: Storage, wanted: Disk, roots: Roots) -> XeniaError:
    with pytest.raises(XeniaError) as caught:
        await storage.open_disk(wanted, roots)
    return caught.value


def shape(opened: OpenedDisk) -> list[tuple[str, str, bool, int]]:
    return [(Path(each.path).name, each.format.value, each.writable, each.size) for each in opened.layers]


async def test_a_raw_file_is_one_layer(storage: Storage, tmp_path: Path, anything: Roots) -> None:
    opened = await storage.open_disk(disk(raw(tmp_path / "disk")), anything)
    try:
        assert shape(opened) == [("disk", "raw", True, 1 << 20)]
        assert opened.notes == ()
    finally:
        storage.close(opened)


async def test_a_chain_is_opened_to_its_end_and_only_the_top_for_writing(
    storage: Storage, tmp_path: Path, anything: Roots
) -> None:
    raw(tmp_path / "base.img", 8 << 20)
    (tmp_path / "below").mkdir()
    qcow2(tmp_path / "below/mid.qcow2", "-b", "../base.img", "-F", "raw")
    top = qcow2(tmp_path / "top.qcow2", "-b", "below/mid.qcow2", "-F", "qcow2", size="16M")
    roots = Roots((str(tmp_path),), unrestricted=True)
    opened = await storage.open_disk(disk(top, DiskFormat.QCOW2), roots)
    try:
        assert shape(opened) == [
            ("top.qcow2", "qcow2", True, 16 << 20),
            ("mid.qcow2", "qcow2", False, 8 << 20),
            ("base.img", "raw", False, 8 << 20),
        ]
        assert (await refused(storage, disk(tmp_path / "base.img"), anything)).kind is ErrorKind.CONFLICT
        second = qcow2(tmp_path / "second.qcow2", "-b", "base.img", "-F", "raw")
        storage.close(await storage.open_disk(disk(second, DiskFormat.QCOW2), anything))
    finally:
        storage.close(opened)


async def test_two_writers_are_kept_apart_and_shared_disks_are_not(
    storage: Storage, tmp_path: Path, anything: Roots
) -> None:
    image = raw(tmp_path / "disk")
    first = await storage.open_disk(disk(image), anything)
    try:
        error = await refused(storage, disk(image), anything)
        assert (error.kind, str(image) in error.message) == (ErrorKind.CONFLICT, True)
        assert (await refused(storage, disk(image, mode=DiskMode.READ_ONLY), anything)).kind is ErrorKind.CONFLICT
        storage.close(await storage.open_disk(disk(image, mode=DiskMode.SHARED), anything))
    finally:
        storage.close(first)


async def test_a_cdrom_is_read_only_whatever_its_mode_and_may_be_shared(
    storage: Storage, tmp_path: Path, anything: Roots
) -> None:
    iso = raw(tmp_path / "x.iso", 2048)
    first = await storage.open_disk(disk(iso, cdrom=True), anything)
    second = await storage.open_disk(disk(iso, cdrom=True, mode=DiskMode.READ_ONLY), anything)
    assert shape(first) == shape(second) == [("x.iso", "raw", False, 2048)]
    storage.close(first)
    storage.close(second)


async def test_a_drive_without_a_medium_has_no_layers(storage: Storage, anything: Roots) -> None:
    assert (await storage.open_disk(Disk("hdc", source=DiskSource.EMPTY, cdrom=True), anything)).layers == ()


async def test_an_image_in_disguise_stays_raw_with_a_note(storage: Storage, tmp_path: Path, anything: Roots) -> None:
    image = qcow2(tmp_path / "disk")
    assert "begins like a qcow2 image" in (await refused(storage, disk(image), anything)).message  # no whole sectors
    os.truncate(image, 1 << 20)
    opened = await storage.open_disk(disk(image), anything)
    storage.close(opened)
    assert opened.layers[0].format is DiskFormat.RAW
    assert "begins like a qcow2 image" in opened.notes[0]


async def test_a_raw_disk_that_claims_to_be_qcow2_is_refused(storage: Storage, tmp_path: Path, anything: Roots) -> None:
    error = await refused(storage, disk(raw(tmp_path / "disk"), DiskFormat.QCOW2), anything)
    assert (error.kind, "not a qcow2 image" in error.message) == (ErrorKind.INVALID, True)


@pytest.mark.parametrize("form", [DiskFormat.RAW, DiskFormat.QCOW2])
async def test_a_missing_image_is_refused_with_the_command_that_makes_it(
    storage: Storage, tmp_path: Path, form: DiskFormat
) -> None:
    wanted, roots = disk("my guests/web/disk", form), Roots(unrestricted=True, folder=str(tmp_path))
    error = await refused(storage, wanted, roots)
    assert error.kind is ErrorKind.NOT_FOUND
    assert error.hint == f"make it: xm disk create -f {form} '{tmp_path}/my guests/web/disk' 10g"


@pytest.mark.parametrize(
    ("size", "said", "hint"),
    [(0, "is empty", "xm disk resize"), (1000, "1000 bytes", "truncate -s %512")],
)
async def test_files_that_can_be_no_disk_are_refused_with_the_command_that_helps(
    storage: Storage, tmp_path: Path, anything: Roots, size: int, said: str, hint: str
) -> None:
    error = await refused(storage, disk(raw(tmp_path / "disk", size)), anything)
    assert error.kind is ErrorKind.INVALID
    assert said in error.message
    assert hint in (error.hint or "")


async def test_an_odd_size_is_no_matter_for_who_only_reads(storage: Storage, tmp_path: Path, anything: Roots) -> None:
    storage.close(await storage.open_disk(disk(raw(tmp_path / "x", 1000), mode=DiskMode.READ_ONLY), anything))


async def test_what_is_no_image_is_refused(storage: Storage, tmp_path: Path, anything: Roots) -> None:
    os.mkfifo(tmp_path / "fifo")
    raw(tmp_path / "file")
    for wanted, said in [
        (disk(tmp_path), "is a folder"),
        (disk(tmp_path / "fifo"), "neither a file nor a block device"),
        (disk("/dev/zero"), "neither a file nor a block device"),
        (disk(tmp_path / "file", source=DiskSource.BLOCK), "not a block device"),
        (disk(""), "names no image"),
        (disk("gluster://host/volume", source=DiskSource.NETWORK), "network disk of a kind that is not read"),
        (disk(tmp_path / "file", script="block-drbd"), "block script"),
    ]:
        error = await refused(storage, wanted, anything)
        assert (error.kind, said in error.message) == (ErrorKind.INVALID, True), error.message


async def test_a_device_without_a_slash_is_one_below_dev(storage: Storage, anything: Roots) -> None:
    error = await refused(storage, disk("vg/absent", source=DiskSource.BLOCK), anything)
    assert (error.kind, "/dev/vg/absent" in error.message) == (ErrorKind.NOT_FOUND, True)


@pytest.mark.parametrize("form", [DiskFormat.VMDK, DiskFormat.VHD, DiskFormat.QCOW])
async def test_other_formats_are_refused_with_the_command_that_converts(
    storage: Storage, anything: Roots, form: DiskFormat
) -> None:
    error = await refused(storage, disk("/srv/win.img", form), anything)
    assert error.hint == "xm disk convert /srv/win.img /srv/win.qcow2"


@pytest.mark.parametrize("name", ["json:{}", "nbd://host/x", "http://host/x", "fat:/etc", "ssh:x", "file:base"])
async def test_backing_files_that_are_no_files_are_refused(
    storage: Storage, tmp_path: Path, anything: Roots, name: str
) -> None:
    image = qcow2(tmp_path / "top", "-b", "PLACEHOLDER" * 3, "-F", "raw")
    content = image.read_bytes()
    at = content.index(b"PLACEHOLDER")
    with image.open("r+b") as file:
        file.seek(16)
        file.write(struct.pack(">I", len(name)))
        file.seek(at)
        file.write(name.encode())
    error = await refused(storage, disk(image, DiskFormat.QCOW2), anything)
    assert (error.kind, "which is no file" in error.message) == (ErrorKind.INVALID, True)


@pytest.mark.parametrize("unrestricted", [True, False])
async def test_a_backing_file_elsewhere_is_denied_even_to_an_administrator(
    storage: Storage, tmp_path: Path, unrestricted: bool
) -> None:
    """The name in the header is the word of whoever made the image."""
    images = tmp_path / "images"
    images.mkdir()
    raw(tmp_path / "secret")
    (images / "link").symlink_to(tmp_path / "secret")
    for name in (str(tmp_path / "secret"), "../secret", "link", "/etc/shadow"):
        image = qcow2(images / "top", "-b", name, "-F", "raw")
        error = await refused(storage, disk(image, DiskFormat.QCOW2), Roots((str(images),), unrestricted))
        assert error.kind is ErrorKind.DENIED


@pytest.mark.parametrize("named", ["", "secret", "other"])
async def test_what_the_guest_file_names_may_be_below_its_overlay(storage: Storage, tmp_path: Path, named: str) -> None:
    images, base = tmp_path / "images", raw(tmp_path / "secret")
    images.mkdir()
    overlay = qcow2(images / "top", "-b", str(base), "-F", "raw")
    wanted = disk(tmp_path / named if named else overlay, DiskFormat.RAW if named else DiskFormat.QCOW2)
    wanted = wanted.upon(str(overlay)) if named else wanted
    mine = Roots((str(images),))
    assert (await refused(storage, wanted, mine)).kind is ErrorKind.DENIED, "who may not have it may not have this"
    anything = Roots((str(images),), unrestricted=True)
    if named == "secret":
        opened = await storage.open_disk(wanted, anything)
        assert [name for name, *_ in shape(opened)] == ["top", "secret"]
        storage.close(opened)
    else:
        assert (await refused(storage, wanted, anything)).kind is ErrorKind.DENIED


async def test_a_backing_file_whose_format_nobody_names_is_not_guessed(
    storage: Storage, tmp_path: Path, anything: Roots
) -> None:
    qcow2(tmp_path / "base")
    top = qcow2(tmp_path / "top", "-b", "base", "-F", "raw")
    with top.open("r+b") as file:
        content = file.read(4096)
        at = content.index(struct.pack(">I", 0xE2792ACA))
        file.seek(at)
        file.write(struct.pack(">I", 0x12345678))
    error = await refused(storage, disk(top, DiskFormat.QCOW2), anything)
    assert "qemu-img rebase -u -F qcow2" in (error.hint or "")
    raw(tmp_path / "base", 8 << 20)
    storage.close(await storage.open_disk(disk(top, DiskFormat.QCOW2), anything))


async def test_loops_and_endless_chains_are_refused(storage: Storage, tmp_path: Path, anything: Roots) -> None:
    for name, below in (("a", "b"), ("b", "a"), ("self", "self")):
        qcow2(tmp_path / name, "-b", below, "-F", "qcow2")
    for name in ("a", "self"):
        error = await refused(storage, disk(tmp_path / name, DiskFormat.QCOW2), anything)
        assert "form a loop" in error.message
    pattern = qcow2(tmp_path / "c00", "-b", "c00", "-F", "qcow2").read_bytes()
    for number in range(DEPTH_LIMIT + 1):
        (tmp_path / f"c{number:02}").write_bytes(pattern.replace(b"c00", f"c{number + 1:02}".encode()))
    assert "more than 64" in (await refused(storage, disk(tmp_path / "c00", DiskFormat.QCOW2), anything)).message


async def test_a_missing_backing_file_names_both_files(storage: Storage, tmp_path: Path, anything: Roots) -> None:
    error = await refused(storage, disk(qcow2(tmp_path / "top", "-b", "gone", "-F", "raw"), DiskFormat.QCOW2), anything)
    assert (error.kind, "top" in error.message, "gone" in error.message) == (ErrorKind.NOT_FOUND, True, True)


@pytest.mark.parametrize(
    ("feature", "said"), [(1 << 1, "damaged"), (1 << 2, "in another file"), (1 << 20, "not known here")]
)
async def test_images_with_features_that_no_guest_gets_are_refused(
    storage: Storage, tmp_path: Path, anything: Roots, feature: int, said: str
) -> None:
    image = qcow2(tmp_path / "disk")
    with image.open("r+b") as file:
        file.seek(72)
        file.write(struct.pack(">Q", feature))
    error = await refused(storage, disk(image, DiskFormat.QCOW2), anything)
    assert (error.kind, said in error.message) == (ErrorKind.INVALID, True)


async def test_nothing_stays_open_when_the_worker_fails(tmp_path: Path, anything: Roots) -> None:
    async def dead(name: str, arguments: dict[str, Any], descriptors: Sequence[int]) -> dict[str, Any]:
        raise unavailable("the worker died")

    image = qcow2(tmp_path / "disk")
    with pytest.raises(XeniaError, match="worker died"):
        await Storage(dead).open_disk(disk(image, DiskFormat.QCOW2), anything)
    assert run("qemu-img", "resize", "-q", str(image), "+1M").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="changes its user, or makes a loop device: root only")
async def test_what_an_ordinary_user_may_not_write_is_denied(
    open_to_all: Path, anything: Roots, storage: Storage
) -> None:
    image = raw(open_to_all / "disk")
    image.chmod(0o644)
    os.seteuid(65534)
    try:
        error = await refused(storage, disk(image), anything)
        storage.close(await storage.open_disk(disk(image, mode=DiskMode.READ_ONLY), anything))
    finally:
        os.seteuid(0)
    assert (error.kind, "may not be written" in error.message) == (ErrorKind.DENIED, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="changes its user, or makes a loop device: root only")
async def test_a_block_device_is_opened_and_one_that_the_host_uses_is_not(
    storage: Storage, tmp_path: Path, anything: Roots
) -> None:
    image = raw(tmp_path / "disk", 8 << 20)
    made = run("losetup", "-f", "--show", str(image))
    if made.returncode:
        pytest.skip(f"no loop devices here: {made.stderr.strip()}")
    device = made.stdout.strip()
    claim = -1
    try:
        opened = await storage.open_disk(disk(device.removeprefix("/dev/"), source=DiskSource.BLOCK), anything)
        assert (opened.layers[0].block_device, opened.layers[0].size) == (True, 8 << 20)
        storage.close(opened)
        claim = os.open(device, os.O_RDWR | os.O_EXCL)
        error = await refused(storage, disk(device, source=DiskSource.BLOCK), anything)
        assert (error.kind, "in use by the host" in error.message) == (ErrorKind.CONFLICT, True)
    finally:
        if claim >= 0:
            os.close(claim)
        assert run("losetup", "-d", device).returncode == 0


async def test_commands_in_hints_can_be_pasted_whatever_the_file_is_called(
    storage: Storage, tmp_path: Path, anything: Roots
) -> None:
    error = await refused(storage, disk(raw(tmp_path / "a b;$(reboot)", 0)), anything)
    assert (error.hint or "").endswith("a b;$(reboot)' 10g")
    error = await refused(storage, disk("/srv/x.qcow2", DiskFormat.QCOW), anything)
    assert (error.hint or "").endswith("/srv/x.qcow2 /srv/x-new.qcow2")


async def test_what_others_are_based_on_is_written_to_by_nobody_not_even_root(
    storage: Storage, tmp_path: Path, anything: Roots
) -> None:
    image = raw(tmp_path / "base")
    image.chmod(0o444)
    for mode in (DiskMode.WRITE, DiskMode.SHARED):
        error = await refused(storage, disk(image, mode=mode), anything)
        assert error.kind is ErrorKind.DENIED
        assert "write-protected" in error.message
    storage.close(await storage.open_disk(disk(image, mode=DiskMode.READ_ONLY), anything))


async def test_the_locks_of_others_tell_how_an_image_is_used(storage: Storage, tmp_path: Path, anything: Roots) -> None:
    image = raw(tmp_path / "image")
    for mode, used in ((DiskMode.WRITE, "writing"), (DiskMode.READ_ONLY, "reading"), (DiskMode.SHARED, "")):
        opened = await storage.open_disk(disk(image, mode=mode), anything)
        with image.open("rb") as other:
            assert usage(other.fileno()) == used
        storage.close(opened)
