"""Writing to the registry, or to a file of its form."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from xenia.model.errors import XeniaError
from xenia.ucr import write as module
from xenia.ucr.write import OwnFile, Program


@pytest.fixture
def own(tmp_path: Path) -> OwnFile:
    return OwnFile(tmp_path / "ucr.conf")


async def test_a_file_of_our_own_has_the_form_of_the_registry(own: OwnFile) -> None:
    assert await own.write({"xen/vnc/listen": "::", "a": "x: y # z"}) == ()
    assert own.path.read_text() == "# univention_ base.conf\n\na: x: y # z\nxen/vnc/listen: ::\n"
    assert own.path.stat().st_mode & 0o777 == 0o600
    own.path.chmod(0o644)
    await own.write({"a": None, "b": "", "gone": None})
    assert own.path.read_text() == "# univention_ base.conf\n\nb: \nxen/vnc/listen: ::\n"
    assert own.path.stat().st_mode & 0o777 == 0o644
    assert sorted(each.name for each in own.path.parent.iterdir()) == ["ucr.conf", "ucr.conf.lock"]


@pytest.mark.parametrize("value", ["a\nb: c", "a\r", "\x1b[1m", "\0"])
async def test_a_value_is_one_line(own: OwnFile, value: str) -> None:
    with pytest.raises(XeniaError, match="several lines"):
        await own.write({"a": value})
    assert not own.path.exists()


async def test_a_file_that_cannot_be_written_is_said(own: OwnFile, monkeypatch: pytest.MonkeyPatch) -> None:
    own.path.mkdir()
    with pytest.raises(XeniaError, match="cannot be written: "):
        await own.write({"a": "1"})
    with pytest.raises(XeniaError, match=r"nowhere/ucr.conf.lock cannot be written: No such file"):
        await OwnFile(own.path / "nowhere/ucr.conf").write({"a": "1"})


async def test_a_lock_that_somebody_holds_is_waited_for_and_then_said(
    own: OwnFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOCK_SECONDS", 0)
    lock = os.open(own.path.with_name("ucr.conf.lock"), os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with pytest.raises(XeniaError, match="somebody else holds it"):
        await own.write({"a": "1"})
    os.close(lock)
    await own.write({"a": "1"})


def program(folder: Path, script: str) -> Program:
    path = folder / "ucr"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Program(str(path))


async def test_the_program_gets_what_is_set_and_what_is_unset(tmp_path: Path) -> None:
    ucr = program(tmp_path, f'printf "%s\\n" "$@" >>{tmp_path}/said; echo "Setting"; echo "W: x is overridden" >&2')
    assert await ucr.write({"a/b": "1 2", "c": None, "d": "$(x)"}) == ("W: x is overridden", "W: x is overridden")
    assert (tmp_path / "said").read_text() == "set\na/b=1 2\nd=$(x)\nunset\nc\n"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'E: no' >&2; exit 1", "ucr set failed with 1: E: no"),
        ("exit 3", "ucr set failed with 3: it said nothing"),
    ],
)
async def test_a_program_that_fails_is_quoted(tmp_path: Path, script: str, said: str) -> None:
    with pytest.raises(XeniaError, match=said):
        await program(tmp_path, script).write({"a": "1"})


async def test_a_program_that_is_not_there_or_hangs_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(XeniaError, match="cannot be run: No such file"):
        await Program(str(tmp_path / "none")).write({"a": "1"})
    monkeypatch.setattr(module, "_PROGRAM_SECONDS", 0.01)
    with pytest.raises(XeniaError, match=r"has not ended within 0.01 s"):
        await program(tmp_path, "exec sleep 60").write({"a": "1"})
