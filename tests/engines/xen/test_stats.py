"""What domains have used, from a hypervisor and a kernel that are played."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engines.xen.test_hypervisor import Make, hypervisor_of

from xenia.engines.xen.counters import disks_by_domain
from xenia.engines.xen.guest import Guest
from xenia.engines.xen.stats import read_stats
from xenia.engines.xen.vdev import name_of
from xenia.model.domain import DOMAIN_0_UUID, Kind, State
from xenia.model.errors import XeniaError
from xenia.model.stats import DiskStats, VcpuStats
from xenia.model.vcpu import VcpuState

__all__ = ["hypervisor_of"]


def backend(devices: Path, name: str, **figures: object) -> None:
    folder = devices / name / "statistics"
    folder.mkdir(parents=True)
    for file, figure in figures.items():
        (folder / file).write_text(f"{figure}\n")


def test_requests_and_sectors_of_each_disk_by_domain(tmp_path: Path) -> None:
    backend(tmp_path, "vbd-3-51728", rd_req=1, wr_req=2, rd_sect=3, wr_sect=4, oo_req=0)
    backend(tmp_path, "vbd-3-51712", rd_req=10, wr_req=20, rd_sect=30, wr_sect=40)
    backend(tmp_path, "vbd-4-51712", rd_req=5, wr_req=6, rd_sect=7, wr_sect=8)
    (tmp_path / "vif-3-0").mkdir()
    assert disks_by_domain(tmp_path)[3] == (
        DiskStats("xvda", 30 * 512, 40 * 512, 10, 20),
        DiskStats("xvdb", 3 * 512, 4 * 512, 1, 2),
    )
    assert disks_by_domain(tmp_path, 4).keys() == {4}


def test_what_cannot_be_read_is_no_disk(tmp_path: Path) -> None:
    """One that is being plugged in has no figures yet, and a QEMU's has none at all."""
    backend(tmp_path, "vbd-3-51712", rd_req=1)
    backend(tmp_path, "vbd-3-51728", rd_req="x", wr_req=2, rd_sect=3, wr_sect=4)
    assert disks_by_domain(tmp_path) == {}
    assert disks_by_domain(tmp_path / "nowhere") == {}


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (51712, "xvda"),
        (51714, "xvda2"),
        (51952, "xvdp"),
        ((1 << 28) | (26 << 8), "xvdaa"),
        ((1 << 28) | (16 << 8) | 3, "xvdq3"),
        (2048, "sda"),
        (2065, "sdb1"),
        (768, "hda"),
        (769, "hda1"),
        (832, "hdb"),
        (5632, "hdc"),
        (5696, "hdd"),
        (7, "7"),
    ],
)
def test_numbers_of_virtual_devices_have_names(number: int, name: str) -> None:
    assert name_of(number) == name


async def test_domains_are_told_by_uuid_with_domain_0(hypervisor_of: Make) -> None:
    guests = [Guest("a", 1, "one", Kind.PV, State.RUNNING), Guest("b", 77, "gone", Kind.PV, State.RUNNING)]
    hypervisor = hypervisor_of()
    told = await read_stats(guests, hypervisor)
    assert told.keys() == {DOMAIN_0_UUID, "a"}, "one that has ended meanwhile is missing"
    assert told["a"].vcpus == (
        VcpuStats(0, 1.5, state=VcpuState.RUNNING),
        VcpuStats(1, 1.5, state=VcpuState.READY),
        VcpuStats(2, 1.5, state=VcpuState.BLOCKED),
        VcpuStats(3, 1.5, state=VcpuState.OFFLINE),
    )
    assert (await read_stats(guests, hypervisor, 1)).keys() == {"a"}
    assert await read_stats(guests, hypervisor, 77) == {}


async def test_a_domain_that_ends_while_it_is_looked_at_does_not_hide_the_others(hypervisor_of: Make) -> None:
    with pytest.raises(XeniaError):
        await hypervisor_of().pause(2000)
    assert (await hypervisor_of().vcpus()).keys() == {0, 1}, "domain 2 has no virtual CPUs any more"
