"""Ganeti's hypervisor class for Xen, from its package and as it is."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import pytest
from tests.dropin.conftest import Programs
from tests.dropin.debian import unpacked

PEER = Path(__file__).with_name("ganeti_peer.py")


@pytest.fixture
def ganeti() -> Path:
    """The folder of its Python package; which release it is depends on Debian's."""
    release = {"12": "3.0", "13": "3.1"}[platform.freedesktop_os_release()["VERSION_ID"]]
    return unpacked(f"ganeti-{release}") / "usr/share/ganeti" / release


def _ask(programs: Programs, ganeti: Path, config: Path, *steps: str) -> list[Any]:
    (name,) = (path.name for path in programs.folder.iterdir() if path.name in ("xm", "xl"))
    (config / "auto").mkdir(parents=True, exist_ok=True)
    said = programs.run(programs.host.python, PEER, ganeti, name, config, *steps)
    assert said.code == 0, said.err
    return list(json.loads(said.out))


def test_an_instance_lives_and_ends(programs: Programs, ganeti: Path, tmp_path: Path) -> None:
    steps = ["verify", "start", "list", "info", "balloon", "all", "stop", "list"]
    verified, started, listed, info, _, every, _, left = _ask(programs, ganeti, tmp_path / "config", *steps)
    assert (verified, started) == (None, None)
    assert listed == ["inst1.example.com"]
    assert (info[0], info[2], info[3]) == ("inst1.example.com", 512, 2)
    assert [row[2] for row in every] == [256]
    assert left == []


def test_the_node_is_understood(programs: Programs, ganeti: Path, tmp_path: Path) -> None:
    (node,) = _ask(programs, ganeti, tmp_path / "config", "node")
    assert node["memory_total"] > node["memory_free"] > 0
    assert node["cpu_total"] == node["cpu_dom0"]
    assert node["memory_dom0"] > 0
