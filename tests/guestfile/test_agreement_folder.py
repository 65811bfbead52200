"""scripts/corpus-agreement on folders in which others have left odd things."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from tests.agreement.__main__ import main

PLACES = (
    "values/a.cfg.json", "xl-values/a.cfg.json", "xl-disks.json", "facts/a.json", "xen-expected/xl-disk.json",
    "xen-expected/xl-vif.json", "xen-expected/xl-vcpupin.json", "xen-expected/xm-create/a.json",
)  # fmt: skip
ODD = (
    "", "{", "null", "3", "[]", "{}", '"text"', "[[[", '{"ok": 1}', '{"ok": true}', '{"ok": true, "values": []}',
    '{"ok": false}', '{"cases": 5}', '{"cases": [null, 3, {}, {"ok": true}, {"ok": true, "args": [5], "expect": 1}]}',
    '{"cases": [{"ok": true, "args": "ab", "spec": ["a"], "expect": {"vdev": 5}}]}', '{"args": 3, "expect": []}',
    '{"args": [3], "expect": {}}', '{"args": [], "expect": {"disk": [[1]]}}', '{"args": [], "expect": {"memory": {}}}',
    '{"cfg": 5, "direction": "both"}', '{"cfg": "a.cfg", "direction": "both"}', '{"cfg": "none", "direction": "both"}',
    '{"phy:a,xvda,w": {"ok": true, "disk": {}}, "\\ud800": {"ok": false}, "": {"ok": false}, "x": 7}', "[" * 100_000,
    '{"ok": true, "values": {"a": {"b": [null, 1e999]}, "memory": true, "name": "\\u0000"}}',
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One guest file, and one fact about it that agrees."""
    folder = tmp_path / "corpus"
    (folder / "values/good.json").parent.mkdir(parents=True)
    (folder / "good").write_text("memory = 512\nname = 'x'\n")
    (folder / "values/good.json").write_text('{"ok": true, "values": {"memory": 512, "name": "x"}}')
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["corpus-agreement", *map(str, words)])
    try:
        return main()
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1


def put(folder: Path, place: str, content: str) -> None:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


@pytest.mark.parametrize("content", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("place", PLACES)
def test_a_broken_truth_is_told_of_or_compared_and_the_others_count(
    folder: Path, place: str, content: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(folder, "a.cfg", "name = 'a'; kernel = '/k'; memory = 5")
    put(folder, "xen-expected/xm-create/a.cfg", "name = 'a'; kernel = '/k'; memory = 5")
    put(folder, place, content)
    assert run(monkeypatch, folder, "--json", folder.parent / "out") in (0, 1)
    assert next(row for row in json.loads((folder.parent / "out").read_text()) if row["files"])["facts"] >= 2
    if content in ("", "{", "null", "3"):
        assert capsys.readouterr().err.startswith(f"not used: {place}: ")


@pytest.mark.parametrize("name", ["new\nline.cfg", os.fsdecode(b"\xff.cfg"), "\x1b[1m", " ", "é" * 60, "%s{}"])
def test_odd_names_are_names(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(folder, name, "memory = 5\n")
    put(folder, f"values/{name}.json", '{"ok": true, "values": {"memory": 6}}')
    put(folder, f"xl-values/none-{name}.json", '{"ok": true, "values": {}}')
    assert run(monkeypatch, folder, "--markdown", folder.parent / "out") == 1
    out, err = capsys.readouterr()
    assert "ours   5" in out
    assert "cannot be read: No such file or directory" in err
    assert "\x1b" not in out + err


def test_folders_and_pipes_in_the_place_of_files_are_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("values/dir.json", "xl-disks.json", "a.cfg"):
        (folder / name).mkdir()
    put(folder, "xl-values/a.cfg.json", '{"ok": true, "values": {}}')
    (folder / "values/loop.json").symlink_to("loop.json")
    os.mkfifo(folder / "pipe")
    put(folder, "values/pipe.json", '{"ok": true, "values": {}}')
    os.mkfifo(folder / "values/fifo.json")
    assert run(monkeypatch, folder) == 0
    told = capsys.readouterr().err.splitlines()
    assert sorted(line.split(":")[1].strip() for line in told) == [
        "values/dir.json", "values/fifo.json", "values/loop.json", "values/pipe.json", "xl-disks.json",
        "xl-values/a.cfg.json",
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\0\0", b"a = " + b"[" * 50_000, b"#" * 300_000, b"a = 1\0\n"])
@pytest.mark.parametrize("ok", ["true", "false"])
def test_odd_guest_files_are_compared(folder: Path, content: bytes, ok: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "odd.cfg").write_bytes(content)
    for kind in ("values", "xl-values"):
        put(folder, f"{kind}/odd.cfg.json", f'{{"ok": {ok}, "values": {{}}}}')
    assert run(monkeypatch, folder) in (0, 1)


def test_a_folder_without_anything_to_compare_and_a_result_that_cannot_be_kept_are_wrong_usage(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, folder.parent / "none") == 2
    put(folder.parent, "other/values/a.json", "{")
    assert run(monkeypatch, folder.parent / "other") == 2
    assert "not used: values/a.json: Expecting" in capsys.readouterr().err
    assert run(monkeypatch, folder, "--json", "/none/there") == 2
    assert "/none/there cannot be written: No such file or directory" in capsys.readouterr().err
