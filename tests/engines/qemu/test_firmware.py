"""Which firmware goes with which variables."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from xenia.engines.qemu import firmware
from xenia.model.errors import ErrorKind, XeniaError


@pytest.fixture
def ovmf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two builds of different sizes, the first of which new guests get."""
    pairs = []
    for name, size in (("new", 200), ("old", 100)):
        (tmp_path / f"{name}-code").write_text(name)
        (tmp_path / f"{name}-empty").write_bytes(b"\xff" * size)
        pairs.append((tmp_path / f"{name}-code", tmp_path / f"{name}-empty"))
    monkeypatch.setattr(firmware, "OVMF", tuple(pairs))
    return tmp_path


def opened(variables: Path | None) -> tuple[bytes, int]:
    """The code, and how large the variables are."""
    with ExitStack() as held:
        code, store = firmware.open_firmware(variables, held)
        os.pwrite(store, b"kept", 0)
        return os.pread(code, 10, 0), os.fstat(store).st_size


def test_a_new_guest_gets_empty_variables_which_last(ovmf: Path) -> None:
    file = ovmf / "state" / "u.fd"
    assert opened(file) == (b"new", 200)
    assert (file.stat().st_mode & 0o777, file.read_bytes()[:4]) == (0o600, b"kept")
    assert opened(file) == (b"new", 200)
    assert opened(None) == (b"new", 200), "nobody keeps them"


def test_an_old_guest_keeps_the_firmware_that_it_began_with(ovmf: Path) -> None:
    file = ovmf / "u.fd"
    file.write_bytes(bytes(100))
    assert opened(file) == (b"old", 100)


def test_variables_of_a_firmware_that_is_gone_are_left_alone(ovmf: Path) -> None:
    file = ovmf / "u.fd"
    file.write_bytes(bytes(50))
    with pytest.raises(XeniaError, match="do not go with the firmware that is installed") as caught:
        opened(file)
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert f"rm {file}" in (caught.value.hint or "")
    assert file.read_bytes() == bytes(50)
