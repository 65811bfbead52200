"""The host's figures, from a kernel's files as they stand and from made-up ones."""

import os
from pathlib import Path

import pytest

from xenia.manager.host import HostReader, read_host

STAT = "cpu  1000 200 300 9000 50 40 60 70 500 100\ncpu0 1 1 1 1\nintr 1 2 3\nbtime 1700000000\n"
MEMINFO = "MemTotal:       16770000 kB\nMemFree:          100 kB\nMemAvailable:    8196096 kB\n"
CPUINFO = "processor\t: 0\nflags\t\t: fpu vmx sse\ncpu MHz\t\t: 2600.123\n\nprocessor\t: 1\ncpu MHz\t\t: 1.0\n"


def kernel(tmp_path: Path, cpuinfo: str = CPUINFO, *, topology: bool = True) -> HostReader:
    proc, sys = tmp_path / "proc", tmp_path / "sys"
    proc.mkdir()
    (proc / "stat").write_text(STAT)
    (proc / "meminfo").write_text(MEMINFO)
    (proc / "cpuinfo").write_text(cpuinfo)
    if topology:
        (sys / "devices/system/cpu/cpu0/topology").mkdir(parents=True)
        (sys / "devices/system/cpu/cpu0/topology/thread_siblings_list").write_text("0,8\n")
        (sys / "devices/system/cpu/cpu0/topology/package_cpus_list").write_text("0-3,8-11\n")
        (sys / "devices/system/node").mkdir(parents=True)
        (sys / "devices/system/node/online").write_text("0-1\n")
    return HostReader(proc, sys)


def test_topology_is_counted_from_the_lists_of_the_kernel(tmp_path: Path) -> None:
    host = kernel(tmp_path).read()
    assert (host.nodes, host.cores_per_socket, host.threads_per_core) == (2, 4, 2)


def test_memory_is_in_mib_and_free_means_available(tmp_path: Path) -> None:
    host = kernel(tmp_path).read()
    assert (host.total_memory, host.free_memory) == (16376, 8004)


def test_cpu_time_leaves_out_idling_waiting_and_guests(tmp_path: Path) -> None:
    busy = 1000 + 200 + 300 + 40 + 60 - 500 - 100
    assert kernel(tmp_path).read().cpu_time == pytest.approx(busy / os.sysconf("SC_CLK_TCK"))


def test_hardware_virtualisation_is_told_by_the_flags(tmp_path: Path) -> None:
    assert kernel(tmp_path).read().virt_caps == "hvm"


def test_a_kernel_that_tells_little_gives_modest_figures(tmp_path: Path) -> None:
    host = kernel(tmp_path, cpuinfo="processor : 0\n", topology=False).read()
    assert (host.nodes, host.cores_per_socket, host.threads_per_core, host.cpu_mhz, host.virt_caps) == (1, 1, 1, 0, "")


def test_this_host_has_a_name_memory_and_a_past() -> None:
    host = read_host()
    assert host.name == os.uname().nodename
    assert 0 < host.free_memory < host.total_memory
    assert host.cpu_time > 0
    assert host.boot_time > 1_600_000_000
