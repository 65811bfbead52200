"""Partition tables made in images, as sfdisk reads them afterwards."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.manager.test_images import MIB, OPERATOR, ROOT, done, failed, images, make_qcow2, manager, run

from xenia.manager.image_partition import partition
from xenia.manager.manager import Manager
from xenia.model.image import NewImage, NewPartition, PartitionKind, TableKind

__all__ = ["images", "manager"]

pytestmark = pytest.mark.skipif(shutil.which("sfdisk") is None, reason="no sfdisk")

EFI = NewPartition(32 * MIB, PartitionKind.EFI)
REST = NewPartition(None, boot=True)


def read(path: Path) -> dict[str, Any]:
    said = subprocess.run(["sfdisk", "--json", str(path)], capture_output=True, check=True).stdout
    found: dict[str, Any] = json.loads(said)["partitiontable"]
    return found


@pytest.mark.parametrize("name", ["disk", "disk.qcow2"])
@pytest.mark.parametrize("table", TableKind)
async def test_an_empty_image_is_divided(manager: Manager, images: Path, table: TableKind, name: str) -> None:
    await done(manager, manager.images.create(NewImage(name, 256 * MIB), ROOT))
    result = await done(manager, partition(manager.images, name, table, [EFI, REST], OPERATOR))
    layout = result["layout"]
    assert (layout["table"], [each["start"] for each in layout["partitions"]]) == (table, [MIB, 33 * MIB])
    assert layout["partitions"][0]["size"] == 32 * MIB
    assert layout["partitions"][1]["size"] >= 222 * MIB
    assert [each["active"] for each in layout["partitions"]] == [False, table is TableKind.MBR]
    raw = images / "raw"
    run("qemu-img", "convert", "-O", "raw", str(images / name), str(raw))
    found = read(raw)
    assert found["label"] == ("gpt" if table is TableKind.GPT else "dos")
    kinds = [each["type"].upper() for each in found["partitions"]]
    assert kinds[0] in ("C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "EF")
    run("sfdisk", "--verify", "--quiet", str(raw))
    assert raw.stat().st_blocks * 512 < MIB
    if name.endswith("qcow2"):
        run("qemu-img", "check", "-q", str(images / name))


async def test_what_is_there_is_not_lost_by_mistake(manager: Manager, images: Path) -> None:
    with (images / "disk").open("wb") as file:
        file.truncate(64 * MIB)
    await done(manager, partition(manager.images, "disk", TableKind.GPT, [REST], ROOT))
    before = (images / "disk").read_bytes()
    error = await failed(manager, partition(manager.images, "disk", TableKind.MBR, [], ROOT))
    assert (error["kind"], "a table of 1 partitions" in error["detail"]) == ("conflict", True)
    assert (images / "disk").read_bytes() == before
    result = await done(manager, partition(manager.images, "disk", TableKind.MBR, [REST], ROOT, force=True))
    assert result["layout"]["table"] == "mbr"
    run("mkfs.ext4", "-q", "-F", str(images / "disk"))
    error = await failed(manager, partition(manager.images, "disk", TableKind.GPT, [], ROOT))
    assert "ext4" in error["detail"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ([NewPartition(65 * MIB)], "the disk has 64 MiB"),
        ([NewPartition(None), NewPartition(MIB)], "only the last partition"),
        ([NewPartition(1000)], "whole sectors"),
        ([NewPartition(MIB, PartitionKind.BIOS)], "no partition of the kind bios"),
        ([NewPartition(MIB)] * 5, "at most 4 partitions"),
    ],
    ids=["too large", "rest before", "no sectors", "no such kind", "too many"],
)
async def test_what_cannot_be_changes_nothing(
    manager: Manager, images: Path, wanted: list[NewPartition], said: str
) -> None:
    with (images / "disk").open("wb") as file:
        file.truncate(64 * MIB)
    error = await failed(manager, partition(manager.images, "disk", TableKind.MBR, wanted, ROOT))
    assert (error["kind"], said in error["detail"]) == ("invalid", True), error
    assert (images / "disk").stat().st_blocks == 0


async def test_images_of_other_formats_and_based_ones_are_refused(manager: Manager, images: Path) -> None:
    (images / "base").write_bytes(bytes(MIB))
    make_qcow2(images / "top", "base")
    run("qemu-img", "create", "-q", "-f", "vdi", str(images / "old.vdi"), "64M")
    for name in ("top", "old.vdi"):
        error = await failed(manager, partition(manager.images, name, TableKind.GPT, [], ROOT))
        assert error["kind"] == "invalid"
