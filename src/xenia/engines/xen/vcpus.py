"""Virtual CPUs, as xl vcpu-list tells of them (xl_vcpu.c, print_vcpuinfo)."""

from __future__ import annotations

import re

from xenia.model.vcpu import Vcpu, VcpuState, read_cpus

_LINE = re.compile(
    r".*?\s(?P<domid>\d+)\s+(?P<number>\d+)\s+(?P<cpu>\d+|-)\s+(?P<state>[r-][b-][p-])\s+(?P<time>[\d.]+)"
    r"\s+(?P<hard>\S+)\s+/\s+\S+\s*"
)
_STATES = {"r--": VcpuState.RUNNING, "-b-": VcpuState.BLOCKED, "---": VcpuState.READY, "--p": VcpuState.OFFLINE}


def read_list(text: str, count: int) -> dict[int, tuple[Vcpu, ...]]:
    """By domain id; `count` is the number of CPUs of the host. What is no such line is passed over: its heading."""
    found: dict[int, tuple[Vcpu, ...]] = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is not None:
            cpu = int(match["cpu"]) if match["cpu"].isdigit() else None
            state = _STATES.get(match["state"], VcpuState.READY)
            cpus = read_cpus(match["hard"], count) if match["hard"] != "none" else ()
            vcpu = Vcpu(int(match["number"]), state, cpu, float(match["time"]), cpus)
            found[int(match["domid"])] = (*found.get(int(match["domid"]), ()), vcpu)
    return found
