"""What the firmware of UEFI guests keeps."""

from __future__ import annotations

from pathlib import Path

from xenia.lib.files import DiskFiles
from xenia.store.variables import FOLDER, UefiVariables


async def test_it_is_packed_and_put_back(tmp_path: Path) -> None:
    variables, file = UefiVariables(DiskFiles(tmp_path)), tmp_path / FOLDER / "u.fd"
    assert await variables.packed("u") == ""
    await variables.put("u", "")
    file.parent.mkdir(parents=True, exist_ok=True)
    content = b"\xff" * 500_000 + b"BootOrder"
    file.write_bytes(content)
    packed = await variables.packed("u")
    assert len(packed) < 2000
    await variables.put("other", packed)
    assert (file.with_name("other.fd")).read_bytes() == content
    await variables.put("u", "")
    assert not file.exists()


async def test_those_of_nobody_are_removed(tmp_path: Path) -> None:
    variables, folder = UefiVariables(DiskFiles(tmp_path)), tmp_path / FOLDER
    await variables.sweep(())
    folder.mkdir(parents=True)
    for name in ("u.fd", "other.fd"):
        (folder / name).touch()
    await variables.sweep({"u", "v"})
    assert [path.name for path in folder.iterdir()] == ["u.fd"]
