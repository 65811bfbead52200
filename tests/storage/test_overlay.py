"""Overlays get other names while a guest has them open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.contract.rigs import inspect_here

from xenia.model.errors import ErrorKind, XeniaError
from xenia.storage.images.qemu_img import QemuImg
from xenia.storage.overlay import OverlayFiles


@pytest.fixture
def overlays() -> OverlayFiles:
    return OverlayFiles(inspect_here, QemuImg(None), "/nonexistent")


async def test_who_has_one_open_keeps_it(overlays: OverlayFiles, tmp_path: Path) -> None:
    old, new = tmp_path / "a.0000000a.qcow2", tmp_path / "copy-xvda.qcow2"
    old.write_bytes(b"image")
    descriptor = os.open(old, os.O_RDONLY)
    try:
        await overlays.rename(str(old), str(new))
        assert Path(f"/proc/self/fd/{descriptor}").readlink() == new
    finally:
        os.close(descriptor)
    assert [path.name for path in tmp_path.iterdir()] == [new.name]


async def test_none_takes_the_name_of_another_file(overlays: OverlayFiles, tmp_path: Path) -> None:
    old, new = tmp_path / "a.0000000a.qcow2", tmp_path / "copy-xvda.qcow2"
    old.write_bytes(b"image")
    new.write_bytes(b"mine")
    with pytest.raises(XeniaError, match=f"there is a file {new} already") as said:
        await overlays.rename(str(old), str(new))
    assert said.value.kind is ErrorKind.CONFLICT
    assert (old.read_bytes(), new.read_bytes()) == (b"image", b"mine")
