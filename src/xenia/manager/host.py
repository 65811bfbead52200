"""The host's figures, read from the kernel."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path

from xenia.model.host import Host

_MIB_IN_KIB = 1024


def read_host() -> Host:
    """The figures now; cheap, since what does not change is read once. Raises OSError where /proc is not mounted."""
    return _this_host().read()


@functools.cache
def _this_host() -> HostReader:
    return HostReader(Path("/proc"), Path("/sys"))


@dataclass(frozen=True, slots=True)
class _Fixed:
    nodes: int
    cores_per_socket: int
    threads_per_core: int
    cpu_mhz: int
    virt_caps: str
    boot_time: float


class HostReader:
    """Reads below `proc` and `sys` (proc(5), Linux Documentation/ABI/stable/sysfs-devices-system-cpu)."""

    def __init__(self, proc: Path, sys: Path) -> None:
        self._meminfo = proc / "meminfo"
        self._stat = proc / "stat"
        self._fixed = _read_fixed(proc, sys)

    def read(self) -> Host:
        """`cpu_time` is what all CPUs together have worked, but for guests under KVM; `free_memory` what could be given
        to a guest without swapping.
        """
        names, fixed, memory = os.uname(), self._fixed, _fields(self._meminfo, ":")
        total = int(memory["MemTotal"].split()[0])
        return Host(
            name=names.nodename,
            release=names.release,
            version=names.version,
            machine=names.machine,
            cpus=os.cpu_count() or 1,
            nodes=fixed.nodes,
            cores_per_socket=fixed.cores_per_socket,
            threads_per_core=fixed.threads_per_core,
            cpu_mhz=fixed.cpu_mhz,
            virt_caps=fixed.virt_caps,
            total_memory=total // _MIB_IN_KIB,
            free_memory=int(memory["MemAvailable"].split()[0]) // _MIB_IN_KIB,
            boot_time=fixed.boot_time,
            cpu_time=_busy(self._stat),
        )


def _read_fixed(proc: Path, sys: Path) -> _Fixed:
    processor = _fields(proc / "cpuinfo", ":")
    flags = processor.get("flags", "").split()
    threads = len(_listed(_text(sys / "devices/system/cpu/cpu0/topology/thread_siblings_list"))) or 1
    package = len(_listed(_text(sys / "devices/system/cpu/cpu0/topology/package_cpus_list")))
    return _Fixed(
        nodes=len(_listed(_text(sys / "devices/system/node/online"))) or 1,
        cores_per_socket=max(1, package // threads),
        threads_per_core=threads,
        cpu_mhz=int(float(processor.get("cpu MHz", "0"))),
        virt_caps="hvm" if "vmx" in flags or "svm" in flags else "",
        boot_time=float(_fields(proc / "stat", " ")["btime"]),
    )


def _fields(path: Path, separator: str) -> dict[str, str]:
    """The lines of a file as name and value; of a name that comes several times, the first."""
    fields: dict[str, str] = {}
    for line in path.read_text().splitlines():
        name, _, value = line.partition(separator)
        fields.setdefault(name.strip(), value.strip())
    return fields


def _busy(stat: Path) -> float:
    """Seconds, from the `cpu` line of /proc/stat, its first: user, nice, system, irq and softirq without guest and
    guest_nice, which are in user and nice.
    """
    with stat.open() as lines:
        _, *figures = lines.readline().split()
    ticks = [int(figure) for figure in figures]
    user, nice, system, _, _, interrupts, soft_interrupts, _, guest, guest_nice = (ticks + [0] * 10)[:10]
    busy = user + nice + system + interrupts + soft_interrupts - guest - guest_nice
    return busy / os.sysconf("SC_CLK_TCK")


def _listed(text: str) -> set[int]:
    """The numbers of a list such as `0-3,8`."""
    numbers: set[int] = set()
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers


def _text(path: Path) -> str:
    """Empty where the kernel does not offer the file."""
    try:
        return path.read_text()
    except OSError:
        return ""
