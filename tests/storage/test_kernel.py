from __future__ import annotations

import asyncio
import os
import stat
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xenia.engines.qemu.kernel import prepare_boot
from xenia.model.boot import Boot
from xenia.model.disk import Disk
from xenia.model.domain import DomainConfig, Kind
from xenia.model.errors import ErrorKind, ResourceError
from xenia.storage.inspect import Inspect
from xenia.storage.kernel import KernelFacts, close_boot
from xenia.storage.kernel_image import classify_kernel
from xenia.storage.paths import Roots

from .kernels import NEW_LINUX, PVH, XEN, bzimage, elf, gz, multiboot

pytestmark = pytest.mark.usefixtures("no_descriptor_leaks")

XEN_KERNEL = elf(notes=XEN, entry=0xC0100000)
PVH_KERNEL = elf(64, notes=PVH, text=NEW_LINUX)


def classify(content: bytes) -> KernelFacts:
    descriptor = os.memfd_create("kernel")
    try:
        os.write(descriptor, content)
        found = classify_kernel({}, [descriptor])
        found.pop("compressed", None)
        return KernelFacts(**found)
    finally:
        os.close(descriptor)


def guest(path: Path | str, *, disks: int = 1, kind: Kind = Kind.PV, **boot: Any) -> DomainConfig:
    targets = tuple(Disk(f"xvd{chr(97 + number)}", "/x") for number in range(disks))
    return DomainConfig("guest", kind=kind, disks=targets, boot=Boot(kernel=str(path), **boot))


async def refused(config: DomainConfig, roots: Roots, inspect: Inspect) -> ResourceError:
    with pytest.raises(ResourceError) as caught:
        await prepare_boot(config, roots, (), inspect)
    return caught.value


def content(descriptor: int) -> bytes:
    return os.pread(descriptor, 1 << 24, 0)


def start_expanding(descriptors: Sequence[int]) -> subprocess.Popen[bytes]:
    code = f"from xenia.storage.kernel_image import expand_kernel as f; print(f({{}}, {list(descriptors)}))"
    return subprocess.Popen([sys.executable, "-c", code], pass_fds=descriptors, stdout=subprocess.PIPE)


def read_as_nobody(descriptor: int) -> int:
    """Bytes that another user reads who inherits the descriptor and opens it anew."""
    code = (
        "import os; os.setgroups([]); os.setgid(65534); os.setuid(65534);"
        f"print(len(os.pread(os.open('/proc/self/fd/{descriptor}', os.O_RDONLY), 1 << 20, 0)))"
    )
    # It becomes the other user only now: this Python may lie in a folder that others cannot look into.
    reader = [sys.executable, "-I", "-c", code]
    read = subprocess.run(reader, pass_fds=[descriptor], stdout=subprocess.PIPE, check=True)
    return int(read.stdout)


def test_a_bzimage_tells_its_version_and_width() -> None:
    facts = classify(bzimage())
    assert (facts.form, facts.bits, facts.version) == ("bzimage", 64, "6.1.0-9-amd64 (x@y) #1")
    assert (facts.bare_metal, facts.xen) == (True, False)
    assert classify(bzimage(wide=False)).bits == 32


@pytest.mark.parametrize("bits", [32, 64])
def test_an_older_bzimage_is_as_wide_as_the_kernel_in_it(bits: int) -> None:
    assert classify(bzimage(b"2.6.30", protocol=0x209, payload=gz(elf(bits)))).bits == bits


def test_a_bzimage_that_speaks_of_xen_is_looked_into() -> None:
    only = classify(bzimage(b"2.6.26-2-xen-686", protocol=0x208, payload=gz(XEN_KERNEL)))
    assert (only.xen, only.bare_metal, only.pae) == (True, False, True)
    both = classify(bzimage(b"2.6.32-5-xen-686", protocol=0x209, payload=gz(elf(notes=XEN))))
    assert (both.xen, both.bare_metal) == (True, True)


@pytest.mark.parametrize("compress", [bytes, gz])
def test_a_xenlinux_kernel_is_known_compressed_or_not(compress: Any) -> None:
    facts = classify(compress(XEN_KERNEL))
    assert (facts.form, facts.bits, facts.xen, facts.bare_metal, facts.pvh) == ("elf", 32, True, False, False)
    assert facts.version.startswith("2.6.18-6-xen-686 (Debian")
    assert facts.pae is True


@pytest.mark.parametrize("bits", [32, 64])
def test_kernels_before_the_notes_have_a_section_of_text(bits: int) -> None:
    section = b"GUEST_OS=linux,GUEST_VER=2.6,XEN_VER=xen-3.0,PAE=no\0"
    facts = classify(gz(elf(bits, section=section, entry=0xFFFFFFFF80200000 if bits == 64 else 0xC0100000)))
    assert (facts.xen, facts.bare_metal, facts.pae) == (True, False, False)


def test_a_pvh_entry_makes_an_elf_file_bootable() -> None:
    facts = classify(PVH_KERNEL)
    assert (facts.form, facts.bits, facts.pvh, facts.bare_metal) == ("elf", 64, True, True)


def test_another_system_is_called_what_its_notes_say() -> None:
    notes = PVH + XEN.replace(b"linux\0", b"Plan9\0")
    assert classify(elf(notes=notes, text=b"")).version == "Plan9 2.6"


def test_multiboot_needs_its_checksum() -> None:
    assert classify(multiboot()).form == "multiboot"
    assert classify(multiboot(checksum_off=1)).form == "unknown"


@pytest.mark.parametrize(
    "bad", [b"", b"MZ", b"\x7fELF", b"\x1f\x8b", gz(b"text"), gz(PVH_KERNEL)[:60], b"#!/bin/sh\n" * 99]
)
def test_what_is_no_kernel_is_unknown(bad: bytes) -> None:
    assert classify(bad).form == "unknown"


def test_versions_hold_nothing_but_plain_text() -> None:
    assert classify(bzimage(b"6.1\x1b[31mred\xff")).version == "6.1"


def test_a_gzip_file_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xenia.storage.kernel_image.EXPANDED_LIMIT", 1 << 22)
    facts = classify(gz(elf(notes=PVH, text=bytes(1 << 24)) + NEW_LINUX))
    assert (facts.pvh, facts.version) == (True, "")


@settings(max_examples=300)
@given(
    st.sampled_from(
        [XEN_KERNEL, PVH_KERNEL, bzimage(b"2.6.26-xen", protocol=0x208, payload=gz(XEN_KERNEL)), multiboot()]
    ),
    st.lists(st.tuples(st.integers(0, 1400), st.integers(0, 255)), max_size=8),
    st.booleans(),
)
def test_no_bytes_crash_it(kernel: bytes, changes: list[tuple[int, int]], compressed: bool) -> None:
    broken = bytearray(kernel)
    for at, value in changes:
        broken[at % len(broken)] = value
    assert classify(gz(bytes(broken)) if compressed else bytes(broken)).form


async def test_kernel_ramdisk_and_command_line_are_prepared(tmp_path: Path, anything: Roots, inspect: Inspect) -> None:
    (tmp_path / "vmlinuz").write_bytes(bzimage())
    (tmp_path / "initrd").write_bytes(b"initrd")
    config = guest("vmlinuz", ramdisk="initrd", root="/dev/xvda1")
    prepared = await prepare_boot(config, Roots(unrestricted=True, folder=str(tmp_path)), (), inspect)
    assert prepared is not None
    try:
        assert content(prepared.kernel) == bzimage()
        assert prepared.ramdisk is not None
        assert content(prepared.ramdisk) == b"initrd"
        assert prepared.command_line == "root=/dev/vda1 console=ttyS0 console=hvc0"
    finally:
        close_boot(prepared)


async def test_a_guest_with_firmware_needs_nothing(anything: Roots, inspect: Inspect) -> None:
    assert await prepare_boot(DomainConfig("guest", kind=Kind.HVM), anything, (), inspect) is None


@pytest.mark.parametrize(
    ("kernel", "said", "hint"),
    [
        (gz(XEN_KERNEL), "(2.6.18-6-xen-686) is a Xen-only kernel", "xen engine"),
        (elf(64, notes=XEN), "without a PVH entry", "vmlinuz"),
        (b"nothing", "is not a kernel", "file -L"),
        (bzimage(b"2.6.24.7"), "knows no virtio disks", "builder = 'hvm'"),
        (b"", "is empty", ""),
    ],
)
async def test_what_cannot_boot_is_refused_with_the_way_out(
    tmp_path: Path, anything: Roots, inspect: Inspect, kernel: bytes, said: str, hint: str
) -> None:
    (tmp_path / "vmlinuz").write_bytes(kernel)
    error = await refused(guest(tmp_path / "vmlinuz"), anything, inspect)
    assert error.kind is ErrorKind.INVALID
    assert said in error.message
    assert hint in (error.hint or "")


@pytest.mark.parametrize("version", [b"2.6.25", b"2.6.32", b"3.2.0", b"10.0", b""])
async def test_newer_kernels_know_virtio(tmp_path: Path, anything: Roots, inspect: Inspect, version: bytes) -> None:
    (tmp_path / "vmlinuz").write_bytes(bzimage(version))
    prepared = await prepare_boot(guest(tmp_path / "vmlinuz"), anything, (), inspect)
    assert prepared is not None
    close_boot(prepared)


async def test_an_old_kernel_boots_where_no_virtio_disk_is(tmp_path: Path, anything: Roots, inspect: Inspect) -> None:
    (tmp_path / "vmlinuz").write_bytes(bzimage(b"2.6.18"))
    prepared = await prepare_boot(guest(tmp_path / "vmlinuz", disks=0), anything, (), inspect)
    assert prepared is not None
    close_boot(prepared)


async def test_a_paravirtual_guest_without_a_kernel_is_refused(anything: Roots, inspect: Inspect) -> None:
    assert "without a kernel" in (await refused(DomainConfig("guest"), anything, inspect)).message


@pytest.mark.parametrize("missing", ["kernel", "ramdisk"])
async def test_missing_files_are_named(tmp_path: Path, anything: Roots, inspect: Inspect, missing: str) -> None:
    for name in {"kernel", "ramdisk"} - {missing}:
        (tmp_path / name).write_bytes(bzimage())
    error = await refused(guest(tmp_path / "kernel", ramdisk=str(tmp_path / "ramdisk")), anything, inspect)
    assert (error.kind, error.key) == (ErrorKind.NOT_FOUND, missing)
    assert str(tmp_path / missing) in error.message


async def test_a_kernel_outside_the_roots_is_denied(tmp_path: Path, inspect: Inspect) -> None:
    assert (await refused(guest("/etc/shadow"), Roots((str(tmp_path),)), inspect)).kind is ErrorKind.DENIED


async def test_a_folder_or_a_device_is_no_kernel(tmp_path: Path, anything: Roots, inspect: Inspect) -> None:
    assert "is a folder" in (await refused(guest(tmp_path), anything, inspect)).message
    assert "is not a file" in (await refused(guest("/dev/zero"), anything, inspect)).message


async def test_a_compressed_elf_kernel_is_expanded(tmp_path: Path, anything: Roots, inspect: Inspect) -> None:
    big = PVH_KERNEL + os.urandom(100_000)
    (tmp_path / "vmlinux.gz").write_bytes(gz(big))

    async def in_a_process(name: str, arguments: dict[str, Any], descriptors: Sequence[int]) -> dict[str, Any]:
        if name != "expand_kernel":
            return await inspect(name, arguments, descriptors)
        process = start_expanding(descriptors)
        output, _ = await asyncio.to_thread(process.communicate)
        return {"complete": b"True" in output}

    prepared = await prepare_boot(guest(tmp_path / "vmlinux.gz"), anything, (), in_a_process)
    assert prepared is not None
    try:
        assert content(prepared.kernel) == big
    finally:
        close_boot(prepared)


async def test_a_damaged_compressed_kernel_is_refused(tmp_path: Path, anything: Roots, inspect: Inspect) -> None:
    (tmp_path / "vmlinux.gz").write_bytes(gz(PVH_KERNEL)[:-4] + b"\0\0\0\0")

    async def sound_header(name: str, arguments: dict[str, Any], descriptors: Sequence[int]) -> dict[str, Any]:
        if name == "classify_kernel":
            return {"form": "elf", "bits": 64, "version": "6.1", "pvh": True, "compressed": True}
        return await inspect(name, arguments, descriptors)

    error = await refused(guest(tmp_path / "vmlinux.gz"), anything, sound_header)
    assert (error.kind, "damaged gzip" in error.message) == (ErrorKind.INVALID, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's guests run as other users")
async def test_a_file_that_others_may_not_read_is_copied_into_sealed_memory(
    tmp_path: Path, anything: Roots, inspect: Inspect
) -> None:
    (tmp_path / "vmlinuz").write_bytes(bzimage())
    (tmp_path / "vmlinuz").chmod(0o600)
    prepared = await prepare_boot(guest(tmp_path / "vmlinuz"), anything, (), inspect)
    assert prepared is not None
    try:
        assert read_as_nobody(prepared.kernel) == len(bzimage())
        with pytest.raises(PermissionError):
            os.write(prepared.kernel, b"x")
        assert stat.S_ISREG(os.fstat(prepared.kernel).st_mode)
    finally:
        close_boot(prepared)


def test_a_note_that_claims_to_be_endless_is_bounded() -> None:
    kernel = bytearray(elf(64, notes=PVH))
    struct.pack_into("<Q", kernel, 64 + 32, 1 << 62)
    assert classify(bytes(kernel)).form == "elf"
