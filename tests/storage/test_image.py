from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xenia.storage.image import inspect_image

pytestmark = pytest.mark.usefixtures("no_descriptor_leaks")


def facts(path: Path) -> dict[str, Any]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return inspect_image({}, [descriptor])
    finally:
        os.close(descriptor)


def create(path: Path, form: str, *arguments: str, size: str = "8M") -> Path:
    subprocess.run(["qemu-img", "create", "-q", "-f", form, *arguments, str(path), size], check=True)
    return path


@pytest.mark.parametrize("form", ["raw", "qcow2", "qcow", "vmdk", "vpc", "vhdx", "vdi", "qed"])
def test_each_format_is_known_by_its_magic(tmp_path: Path, form: str) -> None:
    assert facts(create(tmp_path / "image", form))["format"] == form


def test_a_fixed_vhd_is_known_by_its_footer(tmp_path: Path) -> None:
    assert facts(create(tmp_path / "image", "vpc", "-o", "subformat=fixed"))["format"] == "vpc"


def test_the_size_of_raw_and_qcow2_is_the_guests(tmp_path: Path) -> None:
    assert facts(create(tmp_path / "raw", "raw"))["size"] == 8 << 20
    assert facts(create(tmp_path / "qcow2", "qcow2"))["size"] == 8 << 20
    assert facts(create(tmp_path / "qcow", "qcow"))["size"] == 8 << 20


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("vmdk", ["subformat=monolithicSparse"]),
        ("vmdk", ["subformat=streamOptimized"]),
        ("vpc", ["subformat=fixed,force_size=on"]),
        ("vpc", ["subformat=dynamic,force_size=on"]),
        ("vhdx", ["subformat=fixed"]),
        ("vhdx", ["subformat=dynamic"]),
        ("vdi", ["static=on"]),
        ("vdi", ["static=off"]),
        ("qed", []),
        ("qcow", []),
    ],
)
def test_the_size_in_other_formats_is_the_guests(tmp_path: Path, form: str, options: list[str]) -> None:
    found = facts(create(tmp_path / "image", form, *(word for each in options for word in ("-o", each))))
    assert found == {"format": form, "size": 8 << 20, "elsewhere": None, "problem": None}


@pytest.mark.parametrize("form", ["vmdk", "qed", "qcow"])
def test_what_is_only_a_difference_or_a_description_says_so(tmp_path: Path, form: str) -> None:
    options = ["-o", "subformat=twoGbMaxExtentFlat"] if form == "vmdk" else ["-u", "-b", "base", "-F", "raw"]
    assert facts(create(tmp_path / "image", form, *options))["elsewhere"]


@pytest.mark.parametrize("magic", [b"KDMV", b"COWD", b"vhdxfile", b"conectix", b"QED\x00", b"QFI\xfb\0\0\0\1"])
@pytest.mark.parametrize("rest", [b"", b"\xff" * 508, b"\xff" * (300 << 10)])
def test_other_headers_that_lie_are_a_problem_or_a_size_and_no_crash(tmp_path: Path, magic: bytes, rest: bytes) -> None:
    (tmp_path / "image").write_bytes(magic + rest)
    found = facts(tmp_path / "image")
    assert found["problem"] or 0 <= found["size"] < 1 << 62


@pytest.mark.parametrize("compat", ["0.10", "1.1"])
def test_the_backing_file_and_its_format_are_read(tmp_path: Path, compat: str) -> None:
    create(tmp_path / "base.img", "raw")
    found = facts(create(tmp_path / "top", "qcow2", "-o", f"compat={compat}", "-b", "base.img", "-F", "raw"))
    assert (found["backing"], found["backing_format"], found["problem"]) == ("base.img", "raw", None)


def test_an_image_without_backing_file_has_none(tmp_path: Path) -> None:
    found = facts(create(tmp_path / "alone", "qcow2"))
    assert (found["backing"], found["backing_format"]) == (None, None)
    assert not any(found[trouble] for trouble in ("data_file", "encrypted", "corrupt", "unknown_features"))


def test_a_data_file_and_encryption_are_seen(tmp_path: Path) -> None:
    assert facts(create(tmp_path / "outside", "qcow2", "-o", f"data_file={tmp_path}/data"))["data_file"]
    secret = ("--object", "secret,id=s,data=x", "-o", "encrypt.format=aes,encrypt.key-secret=s")
    assert facts(create(tmp_path / "locked", "qcow2", *secret))["encrypted"]


def test_corrupt_and_unknown_features_are_seen(tmp_path: Path) -> None:
    image = create(tmp_path / "image", "qcow2")
    with image.open("r+b") as file:
        file.seek(72)
        file.write(struct.pack(">Q", 1 << 1 | 1 << 40))
    assert (facts(image)["corrupt"], facts(image)["unknown_features"]) == (True, 1 << 40)


@pytest.mark.parametrize(
    "header",
    [
        b"QFI\xfb\0\0\0\3",
        b"QFI\xfb\0\0\0\3" + bytes(80),
        b"QFI\xfb\0\0\0\x09" + bytes(200),
        struct.pack(">4sIQIIQ", b"QFI\xfb", 2, 104, 1 << 31, 16, 1) + bytes(200),
        struct.pack(">4sIQIIQ", b"QFI\xfb", 2, (1 << 64) - 1, 10, 16, 1) + bytes(200),
        struct.pack(">4sIQIIQ", b"QFI\xfb", 2, 90, 10, 16, 1) + bytes(200),
        struct.pack(">4sIQIIQ", b"QFI\xfb", 2, 0, 0, 63, 1) + bytes(200),
    ],
)
def test_headers_that_lie_are_a_problem_and_no_crash(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "image").write_bytes(header)
    assert facts(tmp_path / "image")["problem"]


@settings(max_examples=300)
@given(st.binary(max_size=600), st.sampled_from([b"", b"QFI\xfb\0\0\0\2", b"QFI\xfb\0\0\0\3"]))
def test_no_bytes_crash_it(content: bytes, magic: bytes) -> None:
    descriptor = os.memfd_create("image")
    try:
        os.write(descriptor, magic + content)
        assert isinstance(inspect_image({}, [descriptor])["format"], str)
    finally:
        os.close(descriptor)
