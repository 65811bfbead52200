"""Items of disk and vif, compared with what xl's own parsers get out of them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.guestfile.corpus import CORPUS, load, needs_corpus

from xenia.guestfile.read import read
from xenia.model.complaint import Severity
from xenia.model.disk import Disk, DiskFormat, DiskMode, DiskSource

pytestmark = needs_corpus


def _disk_cases() -> list[Any]:
    if not CORPUS.is_dir():
        return []
    cases = [
        (",".join(case["args"]), case["ok"], case["expect"])
        for case in load(CORPUS / "xen-expected/xl-disk.json")["cases"]
    ]
    cases += [(text, case["ok"], case.get("disk")) for text, case in load(CORPUS / "xl-disks.json").items()]
    return [pytest.param(*case, id=case[0][:70]) for case in cases]


def _vif_cases() -> list[Any]:
    if not CORPUS.is_dir():
        return []
    return [pytest.param(case["args"][0], case["ok"]) for case in load(CORPUS / "xen-expected/xl-vif.json")["cases"]]


@pytest.mark.parametrize(("text", "ok", "expected"), _disk_cases())
def test_a_disk_is_what_xl_takes_it_for(text: str, ok: bool, expected: dict[str, Any] | None) -> None:
    reading = read(f"name='x'; kernel='/k'; disk=[{text!r}]", file="x")
    if not ok:
        assert any(each.severity is Severity.ERROR and each.line == 1 for each in reading.complaints)
        return
    assert expected is not None
    assert reading.config is not None, reading.complaints
    disk = reading.config.disks[0]
    assert disk.target == expected["vdev"].removeprefix("/dev/")
    assert disk.cdrom == bool(expected.get("is_cdrom"))
    assert (disk.mode is DiskMode.READ_ONLY) == (not expected.get("readwrite"))
    assert disk.script == expected.get("script")
    assert _format(disk) == expected["format"]
    assert _path(disk) == _one_slash(expected.get("pdev_path", ""))


def _format(disk: Disk) -> str:
    return "empty" if disk.source is DiskSource.EMPTY else disk.format.value


def _path(disk: Disk) -> str:
    """xl keeps a script's word without its prefix."""
    if disk.script and disk.source is DiskSource.NETWORK:
        return disk.path.removeprefix(disk.script.removeprefix("block-") + ":")
    return disk.path


def _one_slash(path: str) -> str:
    return "/" + path.lstrip("/") if path.startswith("//") else path


@pytest.mark.parametrize(("text", "ok"), _vif_cases())
def test_a_vif_is_refused_where_xl_refuses_it(text: str, ok: bool) -> None:
    reading = read(f"name='x'; kernel='/k'; vif=[{text!r}]", file="x")
    if ok:
        assert reading.config is not None, reading.complaints
    else:
        assert any(each.severity is not Severity.NOTE and each.line == 1 for each in reading.complaints)


def test_xl_s_formats_are_all_known() -> None:
    assert {"raw", "qcow", "qcow2", "vhd", "qed"} <= set(DiskFormat)
