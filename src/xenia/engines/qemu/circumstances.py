"""What weighs on a guest beside what is counted: emulation, swapped memory, limits of its cgroup."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from xenia.engines.qemu.cgroup import pressure_on
from xenia.engines.qemu.disk_names import is_virtio
from xenia.engines.qemu.facts import Facts
from xenia.engines.qemu.vif import model_of
from xenia.model.disk import DiskBus
from xenia.model.domain import DomainConfig
from xenia.model.why import Circumstances, Emulated, Latencies

_PROC = Path("/proc")
_CGROUPS = Path("/sys/fs/cgroup")


def circumstances_of(
    config: DomainConfig, pid: int, folder: Path, facts: Facts, latencies: tuple[Latencies, ...]
) -> Circumstances:
    """Of the guest of `config`, whose process is `pid` and whose run folder is `folder`."""
    return Circumstances(
        emulation="" if facts.accelerator == "kvm" else facts.accelerator_reason,
        emulated=tuple(_emulated(config)),
        swapped=_swapped(_PROC / str(pid)),
        held_back=held_back(_PROC / str(pid), _CGROUPS),
        latencies=latencies,
        pressure=pressure_on(folder),
    )


def _emulated(config: DomainConfig) -> Iterator[Emulated]:
    for disk in config.disks:
        if not disk.cdrom and disk.bus is not DiskBus.FLOPPY and not is_virtio(disk, config.kind):
            what = "an emulated SCSI disk" if disk.bus is DiskBus.SCSI else "an emulated IDE disk"
            yield Emulated(disk.target, what, disk=True)
    for number, vif in enumerate(config.vifs):
        model = model_of(vif)
        if model != "virtio-net-pci":
            yield Emulated(str(number), f"an emulated {model}", disk=False)


def _swapped(process: Path) -> int | None:
    """MiB (proc(5), VmSwap); None when it has ended."""
    try:
        lines = (process / "status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmSwap:")), None)


def held_back(process: Path, cgroups: Path) -> float | None:
    """The seconds in which cpu.max of the cgroup of a process (cpu.cfs_quota_us, in the first version) has stopped what
    is in it; None where there is no such limit.
    """
    try:
        lines = (process / "cgroup").read_text().splitlines()
    except OSError:
        return None
    for _, controllers, path in (line.split(":", 2) for line in lines):
        if controllers and "cpu" not in controllers.split(","):
            continue
        folder = cgroups / "cpu" if controllers else cgroups
        try:
            words = (folder / path.lstrip("/") / "cpu.stat").read_text().split()
        except OSError:
            continue
        counted = dict(zip(words[::2], words[1::2], strict=False))
        if "throttled_usec" in counted:
            return int(counted["throttled_usec"]) / 1e6
        if "throttled_time" in counted:
            return int(counted["throttled_time"]) / 1e9
    return None
