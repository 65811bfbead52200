"""What weighs on a guest beside what is counted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xenia.engines.qemu.circumstances import circumstances_of, held_back
from xenia.engines.qemu.facts import Facts
from xenia.model.disk import Disk, DiskBus
from xenia.model.domain import DomainConfig, Kind
from xenia.model.vif import Vif, VifType


def test_devices_that_are_emulated_are_named_and_others_not(tmp_path: Path) -> None:
    config = DomainConfig(
        "a",
        Kind.HVM,
        disks=(
            Disk("hda", "/a", bus=DiskBus.IDE),
            Disk("sda", "/b", bus=DiskBus.SCSI),
            Disk("xvdb", "/c"),
            Disk("hdc", "/d", bus=DiskBus.IDE, cdrom=True),
        ),
        vifs=(Vif(), Vif(model="virtio"), Vif(type=VifType.PARAVIRTUAL), Vif(model="e1000")),
    )
    found = circumstances_of(config, os.getpid(), tmp_path, Facts(accelerator="kvm"), ())
    assert [(each.name, each.what) for each in found.emulated] == [
        ("hda", "an emulated IDE disk"),
        ("sda", "an emulated SCSI disk"),
        ("0", "an emulated rtl8139"),
        ("3", "an emulated e1000"),
    ]
    assert found.emulation == ""
    assert found.swapped is not None
    emulated = Facts(accelerator="tcg", accelerator_reason="there is no /dev/kvm")
    tcg = circumstances_of(config, os.getpid(), tmp_path, emulated, ())
    assert tcg.emulation == "there is no /dev/kvm"


def test_the_pressure_on_its_control_group_is_read_where_it_has_one(tmp_path: Path) -> None:
    group, folder = tmp_path / "group", tmp_path / "run"
    group.mkdir()
    folder.mkdir()
    assert circumstances_of(DomainConfig("a"), os.getpid(), folder, Facts(), ()).pressure == {}
    (folder / "cgroup").symlink_to(group)
    (group / "io.pressure").write_text("some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\nfull total=1\n")
    assert circumstances_of(DomainConfig("a"), os.getpid(), folder, Facts(), ()).pressure == {"io": 1.5}


def test_of_a_process_that_has_ended_nothing_is_known(tmp_path: Path) -> None:
    found = circumstances_of(DomainConfig("a"), 1 << 30, tmp_path, Facts(), ())
    assert (found.swapped, found.held_back) == (None, None)


@pytest.mark.parametrize(
    ("lines", "folder", "counted", "seconds"),
    [
        ("0::/vm/a\n", "vm/a", "nr_throttled 3\nthrottled_usec 2500000\n", 2.5),
        ("3:cpuset:/\n2:cpu,cpuacct:/vm\n0::/\n", "cpu/vm", "nr_periods 1\nthrottled_time 1500000000\n", 1.5),
        ("2:cpu:/\n0::/x\n", "x", "throttled_usec 1000000\n", 1.0),
        ("0::/\n", "elsewhere", "throttled_usec 1\n", None),
        ("0::/\n", ".", "usage_usec 1\n", None),
    ],
)
def test_a_limit_on_cpu_time_is_found_in_both_versions_of_cgroups(
    tmp_path: Path, lines: str, folder: str, counted: str, seconds: float | None
) -> None:
    process, cgroups = tmp_path / "proc", tmp_path / "cgroup"
    process.mkdir()
    (process / "cgroup").write_text(lines)
    (cgroups / folder).mkdir(parents=True)
    (cgroups / folder / "cpu.stat").write_text(counted)
    assert held_back(process, cgroups) == seconds
