"""xm top and xm why on real guests: two that want the same CPU, and one that reads its disk."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.engines.qemu import sectors
from tests.support.live import LiveHost, until

pytestmark = pytest.mark.qemu


def guest(host: LiveHost, name: str, content: bytes, more: str = "") -> None:
    host.images.mkdir(parents=True, exist_ok=True)
    image = host.images / f"{name}.img"
    image.write_bytes(content)
    host.hvm(name, f"disk = ['file:{image},hda,w']\nvif = ['type=vif']\n{more}")
    host.ok("create", "-q", name)


def why(host: LiveHost, name: str, seconds: float = 1.5) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(host.ok("why", "-s", f"{seconds:g}", "-o", "json", name))
    return told


def message(told: dict[str, Any], words: str) -> dict[str, Any]:
    (found,) = (each for each in told["findings"] if words in each["message"])
    return dict(found)


def test_two_that_burn_one_cpu_wait_for_each_other_and_a_reader_for_its_disk(host: LiveHost) -> None:
    for name in ("burn1", "burn2"):
        guest(host, name, sectors.spinning(), "cpus = '0'\n")
    until(lambda: host.domain("burn1")["cpu_time"] > 1, "the firmware has started it")
    told = why(host, "burn1")
    waits = message(told, "waited")
    assert waits["weight"] >= 15
    if (os.cpu_count() or 1) > 1:
        assert "it may only run on CPU 0" in waits["message"]
        assert waits["command"] == "xm vcpu-pin burn1 0 all"
    assert message(told, "QEMU itself executes")["weight"] == 90, "the tests run without KVM"
    assert message(told, "an emulated IDE disk")["weight"] == 10
    assert [each["weight"] for each in told["findings"]] == sorted(
        (each["weight"] for each in told["findings"]), reverse=True
    )
    host.ok("pause", "burn1")
    assert why(host, "burn1", 0.1)["findings"][0]["command"] == "xm unpause burn1"
    host.ok("destroy", "burn1", "burn2")
    guest(host, "reader", sectors.reading())
    until(lambda: _reads(host) > 100, "it reads")
    told = why(host, "reader")
    assert message(told, "an emulated IDE disk")["weight"] == 40, "it is at work"
    (latencies,) = told["latencies"]
    assert (latencies["target"], len(latencies["bounds"]) + 1) == ("hda", len(latencies["reads"]))
    assert sum(latencies["reads"]) > 100
    assert sum(latencies["writes"]) == 0
    host.ok("destroy", "reader")


def _reads(host: LiveHost) -> int:
    """By xentop's columns, which scripts read."""
    titles, *rows = (line.split() for line in host.ok("top", "-b", "-i", "1").splitlines())
    (row,) = (dict(zip(titles, row, strict=True)) for row in rows if row[0] == "reader")
    return int(row["VBD_RD"])


@contextmanager
def limited(pid: int, percent: int) -> Iterator[None]:
    """A process in a cgroup that lets it have so much of a CPU; skips where none can be made."""
    name = f"xenia-{uuid4().hex[:8]}"
    second = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    folder = Path("/sys/fs/cgroup", *(() if second else ("cpu",)), name)
    file, text = ("cpu.max", f"{percent}000 100000") if second else ("cpu.cfs_quota_us", f"{percent}000")
    try:
        folder.mkdir()
        (folder / file).write_text(text)
        (folder / "cgroup.procs").write_text(str(pid))
    except OSError as error:
        with suppress(OSError):
            folder.rmdir()
        pytest.skip(f"no cgroup can be made here: {error}")
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        until(lambda: not (folder / "cgroup.procs").read_text(), "the cgroup is empty")
        folder.rmdir()


def test_a_limit_on_cpu_time_is_told_as_that_and_not_as_a_neighbours(host: LiveHost) -> None:
    guest(host, "burn", sectors.spinning(), "on_crash = 'destroy'\n")
    ((pid,),) = host.guests().values()
    until(lambda: host.domain("burn")["cpu_time"] > 0.5, "the firmware has started it")
    with limited(pid, 5):  # less than its neighbours on a busy host leave it: it is the limit that it waits for
        told = why(host, "burn")
        assert message(told, "a limit on its CPU time")["weight"] >= 30
    until(lambda: host.names() == [], "it was killed")


def test_top_goes_on_while_xend_is_killed_and_started_again(host: LiveHost, tmp_path: Path) -> None:
    host.hvm("idle")
    host.ok("create", "-q", "idle")
    host.stop()
    said = host.xm("top", "-b", "-i", "1")
    assert (said.code, "is xend running?" in said.err) == (7, True)
    host.start()
    assert "idle" in host.ok("top", "-b", "-i", "2", "-d", "0.1")
