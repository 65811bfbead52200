"""How CPUs and memory lie to each other."""

from __future__ import annotations

from pathlib import Path

from tests.support.world import World
from tests.support.xend import running_xend

from xenia.engines.simulated.host import SimulatedHost
from xenia.manager.topology import read_topology
from xenia.model.topology import CpuPlace, NumaNode, Topology


def test_it_is_read_from_the_kernel(tmp_path: Path) -> None:
    for number, core in ((0, 0), (1, 1), (10, 0)):
        place = tmp_path / f"devices/system/cpu/cpu{number}/topology"
        place.mkdir(parents=True)
        (place / "core_id").write_text(f"{core}\n")
        (place / "physical_package_id").write_text("0\n")
    (tmp_path / "devices/system/cpu/cpufreq").mkdir()
    node = tmp_path / "devices/system/node/node0"
    for number in (0, 1):
        (node / f"cpu{number}").mkdir(parents=True)
    (node / "meminfo").write_text("Node 0 MemTotal:  2048 kB\nNode 0 MemFree:  1024 kB\nNode 0 Huge: 0\n")
    (node / "distance").write_text("10 20\n")
    assert read_topology(tmp_path) == Topology(
        (CpuPlace(0, 0, 0, 0), CpuPlace(1, 1, 0, 0), CpuPlace(10, 0, 0, None)), (NumaNode(0, 2, 1, (10, 20)),)
    )


def test_what_the_kernel_does_not_offer_is_missing(tmp_path: Path) -> None:
    assert read_topology(tmp_path) == Topology()
    (tmp_path / "devices/system/cpu/cpu0").mkdir(parents=True)
    assert read_topology(tmp_path) == Topology((CpuPlace(0, None, None, None),))


def test_this_host_has_a_cpu() -> None:
    assert read_topology().cpus


async def test_over_the_api(tmp_path: Path) -> None:
    for like_xen in (False, True):
        folder = tmp_path / str(like_xen)
        folder.mkdir()
        async with running_xend(folder, World(host=SimulatedHost(like_xen=like_xen))) as xend:
            assert (await xend.get("/host/topology")).json()["cpus"]
            assert (await xend.get("/log")).status_code == 503, "no log is kept here"
            assert (await xend.get("/log", after="x")).status_code == 422
            assert (await xend.get("/log", lines=-1)).status_code == 422
