"""Kernels out of images that real tools have made."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from .images import FILES, KERNEL, MENU, RAMDISK, UUID, Taken, convert, ext, partitioned, run, take

DOS = "label: dos\n"


def right(taken: Taken, source: str = "/boot/grub/grub.cfg in the disk itself") -> None:
    assert taken.result == {
        "title": "Linux",
        "source": source,
        "kernel": "/boot/vmlinuz",
        "ramdisks": ["/boot/initrd"],
        "arguments": "root=/dev/xvda1 ro",
    }
    assert (taken.kernel, taken.ramdisk) == (KERNEL, RAMDISK)


@pytest.mark.parametrize("block", ["1024", "2048", "4096"])
@pytest.mark.parametrize("kind", ["ext2", "ext3", "ext4"])
def test_file_systems(tmp_path: Path, kind: str, block: str) -> None:
    right(take(ext(tmp_path / "disk", FILES, "-b", block, kind=kind)))


@pytest.mark.parametrize(
    "options",
    [
        ("-O", "64bit,metadata_csum,metadata_csum_seed"),
        ("-O", "^64bit,^metadata_csum,^flex_bg,^resize_inode"),
        ("-O", "meta_bg,^resize_inode,^64bit", "-b", "1024"),
        ("-O", "meta_bg,^resize_inode,64bit", "-b", "1024", "-g", "1024"),
        ("-O", "sparse_super2,meta_bg,^resize_inode,64bit", "-b", "1024", "-g", "1024"),
        ("-O", "^sparse_super,^resize_inode", "-b", "1024", "-g", "1024"),
        ("-O", "bigalloc", "-C", "16384"),
        ("-I", "128"),
        ("-O", "mmp,large_dir,casefold"),
        ("-r", "0", "-O", "none"),
    ],
    ids=" ".join,
)
def test_features_of_file_systems(tmp_path: Path, options: tuple[str, ...]) -> None:
    right(take(ext(tmp_path / "disk", FILES, *options, kind="ext2" if "none" in options else "ext4", size="40M")))


def test_inline_data_is_read_around_or_refused(tmp_path: Path) -> None:
    taken = take(ext(tmp_path / "disk", FILES, "-O", "inline_data"))
    assert "problem" not in taken.result or "inline_data" in taken.result["problem"]


def test_a_large_folder_is_searched(tmp_path: Path) -> None:
    files = FILES | {f"boot/a-rather-long-name-of-a-file-{number:05}": b"" for number in range(1500)}
    image = ext(tmp_path / "disk", files, "-b", "1024", size="32M")
    with suppress(AssertionError):  # e2fsck ends with 1 where it has changed something, as it does here
        run("e2fsck", "-f", "-y", "-D", image)
    right(take(image))


@pytest.mark.parametrize("kind", ["ext2", "ext4"])
def test_a_file_with_holes_is_whole(tmp_path: Path, kind: str) -> None:
    image = ext(tmp_path / "disk", FILES, "-b", "1024", kind=kind, size="64M")
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        for place in (0, 5_000, 300_000, 17_000_000, 68_000_000):
            file.seek(place)
            file.write(b"here")
    run("debugfs", "-w", "-R", f"write {sparse} sparse", image)
    taken = take(image, kernel="/sparse")
    assert taken.kernel == sparse.read_bytes()


def test_links_are_followed_within_the_image(tmp_path: Path) -> None:
    menu = "title old\nroot (hd0,0)\nkernel /vmlinuz root=/dev/sda1\ninitrd /boot/long\n"
    files = {"boot/grub/menu.lst": menu, "boot/vmlinuz-5": KERNEL, "lib/deep/er/initrd": RAMDISK}
    links = {
        "vmlinuz": "boot/vmlinuz",
        "boot/vmlinuz": "vmlinuz-5",
        "boot/long": "/" + "./" * 60 + "lib/../../../lib/deep/er/../er/initrd",
        "boot/boot": ".",
    }
    taken = take(ext(tmp_path / "disk", files, links=links))
    assert (taken.kernel, taken.ramdisk) == (KERNEL, RAMDISK)


@pytest.mark.parametrize(
    ("links", "said"),
    [
        ({"boot/vmlinuz": "vmlinuz2", "boot/vmlinuz2": "vmlinuz"}, "more than 40 links"),
        ({"boot/vmlinuz": "/proc/self/exe"}, "which is not in the image"),
        ({"boot/vmlinuz": "/" + "a/" * 40 + "b"}, "which is not in the image"),
    ],
)
def test_links_that_lead_nowhere(tmp_path: Path, links: dict[str, str], said: str) -> None:
    files = {"boot/grub/grub.cfg": MENU}
    assert said in take(ext(tmp_path / "disk", files, links=links)).result["problem"]


def test_primary_and_active_partitions(tmp_path: Path) -> None:
    other = ext(tmp_path / "other", {"etc/fstab": ""}, size="4M")
    root = ext(tmp_path / "root")
    script = DOS + "start=2048, size=8192, type=83\nstart=20480, size=40960, type=83, bootable\n"
    disk = partitioned(tmp_path / "disk", script, {1: other, 10: root}, 32)
    right(take(disk), "/boot/grub/grub.cfg in partition 2")
    right(take(disk, offset=10 << 20))
    assert "in the disk itself" not in take(disk).result["source"]


def test_logical_partitions(tmp_path: Path) -> None:
    root = ext(tmp_path / "root")
    script = DOS + (
        "start=2048, size=2048, type=82\nstart=4096, size=61440, type=5\n"
        "start=6144, size=2048, type=83\nstart=20480, size=40960, type=83\n"
    )
    right(take(partitioned(tmp_path / "disk", script, {10: root}, 33)), "/boot/grub/grub.cfg in partition 6")


def test_gpt(tmp_path: Path) -> None:
    script = "label: gpt\nsize=4096, type=21686148-6449-6E6F-744E-656564454649\nstart=20480, size=40960\n"
    disk = partitioned(tmp_path / "disk", script, {10: ext(tmp_path / "root")}, 33)
    right(take(disk), "/boot/grub/grub.cfg in partition 2")


def test_a_boot_partition_of_its_own(tmp_path: Path) -> None:
    menu = f"search --no-floppy --fs-uuid --set=root {UUID}\n" + MENU.replace("/boot/", "/")
    boot = ext(tmp_path / "boot", {"grub2/grub.cfg": menu, "vmlinuz": KERNEL, "initrd": RAMDISK}, size="8M")
    root = ext(tmp_path / "root", {"etc/fstab": "", "boot/nothing": ""}, size="8M")
    script = DOS + "start=2048, size=16384, type=83\nstart=20480, size=16384, type=83\n"
    taken = take(partitioned(tmp_path / "disk", script, {1: boot, 10: root}, 20))
    assert (taken.kernel, taken.ramdisk) == (KERNEL, RAMDISK)
    assert taken.result["source"] == "/grub2/grub.cfg in partition 1"


def test_a_menu_names_the_partition_of_its_kernel(tmp_path: Path) -> None:
    menu = "default 0\ntitle a\nroot (hd0,1)\nkernel /k\ntitle b\nkernel (hd0,0)/k\ntitle c\nroot (hd0,7)\nkernel /k\n"
    one = ext(tmp_path / "one", {"boot/grub/grub.conf": menu, "k": b"first"}, size="4M")
    two = ext(tmp_path / "two", {"k": b"second"}, size="4M")
    script = DOS + "start=2048, size=8192, type=83\nstart=20480, size=8192, type=83\n"
    disk = partitioned(tmp_path / "disk", script, {1: one, 10: two}, 16)
    assert [take(disk, entry=entry).kernel for entry in "abc"] == [b"second", b"first", b"first"]


def test_entries_of_fedora_with_the_environment_of_grub(tmp_path: Path) -> None:
    menus = Path(__file__).parent / "menus"
    files: dict[str, bytes | str] = {
        "grub2/grub.cfg": (menus / "fedora-39.grub.cfg").read_text(),
        "grub2/grubenv": (menus / "fedora-39.grubenv").read_text(),
        "loader/entries/c0ffee-6.10.1.conf": "title new\nversion 6.10.1\nlinux /new\n",
        "loader/entries/c0ffee-6.5.6-300.fc39.x86_64.conf":
            "title old\nversion 6.5.6\nlinux /old\ninitrd /i\noptions $kernelopts x\n",
        "new": b"new", "old": b"old", "i": b"i",
    }  # fmt: skip
    image = ext(tmp_path / "disk", files)
    taken = take(image)
    assert (taken.kernel, taken.ramdisk) == (b"old", b"i")
    assert taken.result["arguments"] == "root=/dev/mapper/fedora-root ro rhgb quiet x"
    assert take(image, entry="0").kernel == b"new"


def test_entries_of_the_specification_need_no_grub(tmp_path: Path) -> None:
    files = {"loader/entries/a-9.conf": "linux /a\n", "loader/entries/a-10.conf": "linux /b\n", "a": b"a", "b": b"b"}
    assert take(ext(tmp_path / "disk", files)).kernel == b"b"


def test_several_ramdisks_are_joined_as_boot_loaders_do(tmp_path: Path) -> None:
    menu = "label l\nlinux k\ninitrd one,two\n"
    files = {"boot/extlinux/extlinux.conf": menu, "boot/extlinux/k": b"k",
             "boot/extlinux/one": b"12345", "boot/extlinux/two": b"6"}  # fmt: skip
    assert take(ext(tmp_path / "disk", files)).ramdisk == b"12345\0\0\x006"


def test_options_of_the_guest_file(tmp_path: Path) -> None:
    image = ext(tmp_path / "disk", FILES | {"other": b"other"})
    taken = take(image, kernel="/other", ramdisk="boot/initrd", arguments="a b")
    assert (taken.kernel, taken.ramdisk, taken.result["arguments"]) == (b"other", RAMDISK, "a b")
    assert take(image, ramdisk="/other").ramdisk == b"other"
    assert take(image, arguments="a b").result["arguments"] == "root=/dev/xvda1 ro a b"


@pytest.mark.parametrize(
    "options",
    [(), ("-c",), ("-o", "cluster_size=512"), ("-o", "cluster_size=2M"), ("-c", "-o", "cluster_size=4096"),
     ("-o", "compat=0.10"), ("-o", "lazy_refcounts=on"), ("-c", "-o", "cluster_size=2M")],
    ids=" ".join,
)  # fmt: skip
def test_qcow2(tmp_path: Path, options: tuple[str, ...]) -> None:
    right(take(convert(ext(tmp_path / "disk"), tmp_path / "disk.qcow2", *options)))


def overlay(path: Path, below: Path, form: str, *options: str) -> Path:
    run("qemu-img", "create", "-q", "-f", "qcow2", *options, "-b", below, "-F", form, path)
    return path


def test_layers(tmp_path: Path) -> None:
    root = ext(tmp_path / "root")
    base = convert(root, tmp_path / "base.qcow2", "-c")
    middle = overlay(tmp_path / "middle.qcow2", base, "qcow2", "-o", "cluster_size=512")
    top = overlay(tmp_path / "top.qcow2", middle, "qcow2")
    right(take(top, middle, base))
    right(take(overlay(tmp_path / "other.qcow2", root, "raw"), root))


def test_what_a_layer_has_written_or_emptied_counts(tmp_path: Path) -> None:
    root = ext(tmp_path / "root")
    top = overlay(tmp_path / "top.qcow2", root, "raw")
    # The same file system with another kernel, written through the overlay; then its first half MiB emptied in another.
    changed = ext(tmp_path / "changed", FILES | {"boot/vmlinuz": KERNEL[::-1]})
    content = changed.read_bytes()
    commands = []
    for number in range(0, len(content), 1 << 18):
        part = tmp_path / f"part{number}"
        part.write_bytes(content[number : number + (1 << 18)])
        commands.append(f"write -q -s {part} {number} 256k")
    run("qemu-io", "-f", "qcow2", top, give="\n".join(commands))
    assert take(top, root).kernel == KERNEL[::-1]
    empty = overlay(tmp_path / "empty.qcow2", root, "raw")
    run("qemu-io", "-f", "qcow2", "-c", "write -z 0 512k", empty)
    assert "no file system" in take(empty, root).result["problem"]


def test_an_overlay_larger_than_its_base(tmp_path: Path) -> None:
    root = ext(tmp_path / "root")
    top = tmp_path / "top.qcow2"
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", root, "-F", "raw", top, "64M")
    right(take(top, root))


@pytest.mark.parametrize(
    ("options", "said"),
    [(("-o", "compression_type=zstd"), "zstd"), (("-o", "extended_l2=on"), "subclusters")],
)
def test_qcow2_features_that_are_refused(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    try:
        image = convert(ext(tmp_path / "disk"), tmp_path / "disk.qcow2", *options)
    except (AssertionError, subprocess.CalledProcessError):
        pytest.skip("this qemu-img cannot make it")
    taken = take(image)
    assert said in taken.result["problem"]
    assert "qemu-img convert" in taken.result["hint"]


@pytest.mark.parametrize(
    ("offset", "magic", "name"),
    [
        (0, b"XFSB", "XFS"),
        (0x10040, b"_BHRfS_M", "btrfs"),
        (0, b"LUKS\xba\xbe", "encrypted (LUKS)"),
        (512, b"LABELONE", "LVM"),
        (0x8001, b"CD001", "ISO 9660"),
        (4086, b"SWAPSPACE2", "swap"),
    ],
)
def test_other_contents_are_called_by_their_names(tmp_path: Path, offset: int, magic: bytes, name: str) -> None:
    content = bytearray(1 << 20)
    content[offset : offset + len(magic)] = magic
    (tmp_path / "part").write_bytes(content)
    taken = take(tmp_path / "part")
    assert name in taken.result["problem"]
    assert "kernel = '...' and ramdisk = '...'" in taken.result["hint"]
    script = DOS + "start=2048, size=2048, type=83\n"
    disk = partitioned(tmp_path / "disk", script, {1: tmp_path / "part"}, 4)
    assert f"partition 1 is {name}" in take(disk).result["problem"].replace("an ISO", "ISO")


def test_what_was_looked_at_is_said(tmp_path: Path) -> None:
    said = take(ext(tmp_path / "disk", {"etc/fstab": "", "boot/grub/grub.cfg": "# nothing\n"})).result["problem"]
    assert "no configuration of a boot loader" in said
    assert "/boot/grub/grub.cfg in the disk itself has no entries" in said
    assert (
        "which is not in the image; in /boot there is grub"
        in take(ext(tmp_path / "two", {"boot/grub/grub.cfg": MENU})).result["problem"]
    )
    assert "has no entry '3': 0 'Linux'" in take(ext(tmp_path / "three"), entry="3").result["problem"]
    assert "is empty" in take(ext(tmp_path / "four", FILES | {"boot/vmlinuz": b""})).result["problem"]


@pytest.mark.parametrize("size", [0, 100, 1023, 1024, 2048, 70_000])
def test_small_and_empty_images(tmp_path: Path, size: int) -> None:
    (tmp_path / "disk").write_bytes(bytes(size))
    assert take(tmp_path / "disk").result["problem"]
