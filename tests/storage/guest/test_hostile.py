"""Images made to hurt whoever reads them: never a traceback, never more than a moment, never more than is there."""

from __future__ import annotations

import os
import re
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xenia.storage.guest import extlinux, grub2, grub_legacy
from xenia.storage.guest.blocks import Unreadable
from xenia.storage.guest.ext import Ext
from xenia.storage.guest.ext_map import extent_spans, mapped_spans, runs
from xenia.storage.guest.partitions import read_partitions

from .images import FILES, KERNEL, Taken, convert, ext, run, take

MOMENT = 4.0
"""Seconds; the worker's own limit is 5."""


class Memory:
    """A disk in memory, with zeros behind its content."""

    def __init__(self, content: bytes, size: int | None = None) -> None:
        self.content = content
        self.size = len(content) if size is None else size

    def read(self, offset: int, length: int) -> bytes:
        part = self.content[offset : offset + length]
        return part + bytes(length - len(part))


def soon(path: Path, *below: Path) -> Taken:
    started = time.monotonic()
    taken = take(path, *below)
    assert time.monotonic() - started < MOMENT
    return taken


def refused(path: Path) -> str:
    problem = soon(path).result["problem"]
    assert problem
    return str(problem)


def patch(path: Path, offset: int, content: bytes) -> Path:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)
    return path


def in_inode(image: Path, name: str, offset: int, content: bytes) -> Path:
    """`content` at `offset` in the inode of a file system with blocks of 4 KiB."""
    said = run("debugfs", "-R", f"imap {name}", image)
    match = re.search(r"block (\d+), offset 0x([0-9a-f]+)", said)
    assert match, said
    return patch(image, int(match[1]) * 4096 + int(match[2], 16) + offset, content)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file system of ext4 with little in it."""
    files: dict[str, bytes | str] = FILES | {"boot/vmlinuz": b"k" * 5000, "boot/initrd": b"i" * 3000}
    image = ext(
        tmp_path_factory.mktemp("small") / "disk", files, "-b", "1024", "-N", "32", "-O", "^has_journal", size="2M"
    )
    return image.read_bytes()


@pytest.fixture(scope="module")
def small_qcow2(tmp_path_factory: pytest.TempPathFactory, small: bytes) -> bytes:
    folder = tmp_path_factory.mktemp("qcow2")
    (folder / "disk").write_bytes(small)
    return convert(folder / "disk", folder / "disk.qcow2", "-c", "-o", "cluster_size=4096").read_bytes()


@pytest.mark.parametrize(
    ("offset", "content", "said"),
    [
        (108, b"\0\0\0\1", "more than can be booted"),
        (40, b"nope", "extent tree"),
        (42, b"\xff\xff", "extent tree"),
        (46, b"\x09", "too deep"),
        (46, b"\x02", "behind its own end"),
        (58, b"\xff\xff\xff\xff\xff\xff", "behind its own end"),
    ],
)
def test_extents_that_lie(tmp_path: Path, offset: int, content: bytes, said: str) -> None:
    image = in_inode(ext(tmp_path / "disk", FILES, "-b", "4096", size="16M"), "/boot/vmlinuz", offset, content)
    problem = refused(image)
    assert said in problem
    assert "/boot/vmlinuz" in problem


def test_a_file_that_begins_with_a_hole_begins_with_zeros(tmp_path: Path) -> None:
    image = in_inode(ext(tmp_path / "disk", FILES, "-b", "4096"), "/boot/vmlinuz", 52, b"\x01")
    kernel = soon(image).kernel
    assert (kernel[:4096], len(kernel)) == (bytes(4096), len(KERNEL))


def test_a_folder_that_contains_itself_ends_somewhere(tmp_path: Path) -> None:
    image = ext(tmp_path / "disk", {"boot/grub/x": ""}, size="8M")
    run("debugfs", "-w", "-R", "link /boot /boot/loader", image)
    run("debugfs", "-w", "-R", "link /boot /boot/entries", image)
    assert "no configuration" in refused(image)


def test_huge_claims_of_a_super_block(tmp_path: Path) -> None:
    image = ext(tmp_path / "disk", FILES, size="8M")
    for offset, value in ((0, 0xFFFFFFFF), (24, 0xFFFFFFFF), (32, 0), (40, 0), (40, 1), (88, 0xFFFF), (96, 0xFFFFFFFF)):
        content = image.read_bytes()
        copy = tmp_path / "copy"
        copy.write_bytes(content)
        soon(patch(copy, 1024 + offset, struct.pack("<I", value)))


def tree(entries: list[tuple[int, int, int]], depth: int) -> bytes:
    node = struct.pack("<HHHHI", 0xF30A, len(entries), 400, depth, 0)
    return (node + b"".join(struct.pack("<III", *entry) for entry in entries)).ljust(60, b"\0")


@pytest.mark.parametrize("children", [1, 300])
def test_an_extent_tree_that_leads_to_itself_ends(children: int) -> None:
    block = tree([(0, 7, 0)] * children, 4).ljust(4096, b"\0")
    with pytest.raises(Unreadable):
        list(extent_spans(tree([(0, 7, 0)] * 4, 5), lambda number: block))


def test_an_extent_tree_of_empty_nodes_ends() -> None:
    empty = tree([], 0).ljust(4096, b"\0")
    with pytest.raises(Unreadable):
        list(extent_spans(tree([(0, 7, 0)] * 4, 1), lambda number: empty))


def test_indirect_blocks_that_lead_to_themselves_end_with_the_file() -> None:
    block = struct.pack("<256I", *([7] * 256))
    pointers = struct.pack("<15I", *([7] * 15))
    total = 100_000
    spans: Iterator[tuple[int, int, int]] = mapped_spans(pointers, 1024, total, lambda number: block)
    assert sum(count for _, count in runs(spans, total)) == total


def test_spans_out_of_order_are_refused() -> None:
    with pytest.raises(Unreadable):
        list(runs(iter([(5, 1, 1), (2, 9, 1)]), 10))


def test_logical_partitions_in_a_circle_end() -> None:
    sector = bytearray(512)
    sector[510:] = b"\x55\xaa"
    struct.pack_into("<B3xB3xII", sector, 446, 0, 0x83, 1, 100)
    struct.pack_into("<B3xB3xII", sector, 462, 0, 0x05, 0xFFFFFFFF, 1)
    assert len(read_partitions(Memory(bytes(sector) * 9, 1 << 40))) < 100


def test_a_partition_table_with_endless_entries_is_bounded() -> None:
    first = bytearray(512)
    first[510:] = b"\x55\xaa"
    struct.pack_into("<B3xB3xII", first, 446, 0, 0xEE, 1, 100)
    header = b"EFI PART" + bytes(64) + struct.pack("<QII", 2, 0xFFFFFFFF, 128)
    entries = (b"x" * 32 + struct.pack("<QQQ", 5, (1 << 64) - 1, 0)).ljust(128, b"\0") * 500
    found = read_partitions(Memory(bytes(first) + header.ljust(512, b"\0") + entries, 1 << 20))
    assert len(found) <= 257
    assert all(0 <= one.start < one.start + one.size <= 1 << 20 for one in found)


@pytest.mark.parametrize(
    ("offset", "content", "said"),
    [
        (20, struct.pack(">I", 5), "impossible"),
        (20, struct.pack(">I", 31), "impossible"),
        (32, struct.pack(">I", 2), "encrypted"),
        (36, struct.pack(">I", 0), "too small a table"),
        (40, b"\xff" * 8, "impossible"),
        (24, b"\xff" * 8, "impossible"),
        (79, b"\x02", "damaged"),
        (79, b"\x04", "another file"),
        (79, b"\x20", "not known"),
        (0, b"nope", "header"),
    ],
)
def test_headers_of_qcow2_that_lie(tmp_path: Path, small_qcow2: bytes, offset: int, content: bytes, said: str) -> None:
    (tmp_path / "disk.qcow2").write_bytes(small_qcow2)
    assert said in refused(patch(tmp_path / "disk.qcow2", offset, content))


def test_tables_of_qcow2_that_lead_to_themselves(tmp_path: Path, small_qcow2: bytes) -> None:
    (first,) = struct.unpack_from(">Q", small_qcow2, 40)
    (tmp_path / "disk.qcow2").write_bytes(small_qcow2)
    refused(patch(tmp_path / "disk.qcow2", first, struct.pack(">Q", first | 1 << 63) * 4))


def test_a_compressed_cluster_that_expands_without_end(tmp_path: Path) -> None:
    """One that holds 64 MiB of zeros, in an image that consists of it alone."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(64 << 20)) + packer.flush()
    bits, size = 16, 1 << 30
    header = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 2, 0, 0, bits, size, 0, 2, 1 << bits, 0, 0, 0, 0)
    entry = 1 << 62 | (len(bomb) // 512) << (62 - (bits - 8)) | 3 << bits
    level1 = struct.pack(">QQ", 2 << bits, 2 << bits)
    image = header.ljust(1 << bits, b"\0") + level1.ljust(1 << bits, b"\0") + struct.pack(">Q", entry) * 8192
    (tmp_path / "disk.qcow2").write_bytes(image + bomb)
    assert "no file system" in refused(tmp_path / "disk.qcow2")


CHANGES = st.lists(st.tuples(st.integers(0, 1 << 21), st.integers(0, 255)), min_size=1, max_size=30)
KNOBS = settings(max_examples=150)


def _changed(content: bytes, changes: list[tuple[int, int]], within: int) -> bytes:
    broken = bytearray(content)
    for at, value in changes:
        broken[at % min(within, len(broken))] = value
    return bytes(broken)


def _ends(content: bytes, name: str) -> None:
    path = Path(f"/dev/shm/{name}.{os.getpid()}") if name == "raw" else Path(f"/dev/shm/x{os.getpid()}.{name}")
    path.write_bytes(content)
    try:
        result = soon(path).result
        assert set(result) in ({"problem", "hint"}, {"title", "source", "kernel", "ramdisks", "arguments"})
    finally:
        path.unlink()


@KNOBS
@given(CHANGES, st.sampled_from([2048, 16384, 262144, 1 << 21]))
def test_changed_file_systems(small: bytes, changes: list[tuple[int, int]], within: int) -> None:
    _ends(_changed(small, changes, within), "raw")


@KNOBS
@given(CHANGES, st.sampled_from([112, 16384, 1 << 21]))
def test_changed_qcow2_images(small_qcow2: bytes, changes: list[tuple[int, int]], within: int) -> None:
    _ends(_changed(small_qcow2, changes, within), "qcow2")


@KNOBS
@given(st.integers(0, 1 << 21))
def test_images_that_are_cut_off(small: bytes, length: int) -> None:
    _ends(small[:length], "raw")


@KNOBS
@given(st.binary(max_size=5000), st.booleans(), st.booleans())
def test_random_bytes(content: bytes, signed: bool, like_ext: bool) -> None:
    disk = bytearray(content.ljust(5000, b"\x17"))
    if signed:
        disk[446:462] = bytes(16)
        disk[510:512] = b"\x55\xaa"
    if like_ext:
        disk[1080:1082] = b"\x53\xef"
    _ends(bytes(disk), "raw")


@KNOBS
@given(st.text(max_size=400), st.sampled_from(["boot/grub/grub.cfg", "boot/extlinux.conf", "boot/grub/menu.lst"]))
def test_random_menus(text: str, name: str) -> None:
    """Menus of any text, without an image around them: the file systems have tests of their own."""
    started = time.monotonic()
    try:
        if name.endswith("grub.cfg"):
            grub2.parse_grub2(text, {}, lambda variables: [])
        elif name.endswith("lst"):
            grub_legacy.parse_legacy(text)
        else:
            extlinux.parse_extlinux(text, "/")
    except Unreadable:
        pass
    assert time.monotonic() - started < MOMENT


def test_a_block_of_a_folder_that_is_broken_is_refused(small: bytes) -> None:
    broken = small.replace(b"vmlinuz\0", b"vmlinuz\xff")
    assert Ext(Memory(broken)).label == "rootfs"
