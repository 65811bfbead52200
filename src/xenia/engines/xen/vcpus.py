"""Virtual CPUs: as xl vcpu-list tells of them (xl_vcpu.c, print_vcpuinfo), and how many are online."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

from xenia.engines.xen.hypervisor import Hypervisor
from xenia.engines.xen.xl import Xl
from xenia.model.errors import engine_failed
from xenia.model.vcpu import Vcpu, VcpuState, read_cpus

_LINE = re.compile(
    r".*?\s(?P<domid>\d+)\s+(?P<number>\d+)\s+(?P<cpu>\d+|-)\s+(?P<state>[r-][b-][p-])\s+(?P<time>[\d.]+)"
    r"\s+(?P<hard>\S+)\s+/\s+(?P<soft>\S+)\s*"
)
_ONLINE_SECONDS = 5.0
_LOOK_AGAIN = 0.2
_STATES = {"r--": VcpuState.RUNNING, "-b-": VcpuState.BLOCKED, "---": VcpuState.READY, "--p": VcpuState.OFFLINE}


def read_list(text: str, count: int) -> dict[int, tuple[Vcpu, ...]]:
    """By domain id; `count` is the number of CPUs of the host. What is no such line is passed over: its heading."""
    found: dict[int, tuple[Vcpu, ...]] = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is not None:
            cpu = int(match["cpu"]) if match["cpu"].isdigit() else None
            state = _STATES.get(match["state"], VcpuState.READY)
            hard, soft = (_cpus(match[name], count) for name in ("hard", "soft"))
            vcpu = Vcpu(int(match["number"]), state, cpu, float(match["time"]), hard, soft)
            found[int(match["domid"])] = (*found.get(int(match["domid"]), ()), vcpu)
    return found


def _cpus(text: str, count: int) -> tuple[int, ...] | None:
    return () if text == "none" else read_cpus(text, count)


async def set_online(domid: int, count: int, hypervisor: Hypervisor, xl: Xl) -> int:
    """Have a guest come to `count` virtual CPUs; what it has when it is there, or after some seconds. Its own driver
    switches them on and off. Raises engine_failed.
    """
    await xl.run("vcpu-set", "--ignore-host", str(domid), str(count))
    with suppress(TimeoutError):
        async with asyncio.timeout(_ONLINE_SECONDS):
            while await _online(domid, hypervisor) != count:  # noqa: ASYNC110  # Xen tells nobody
                await asyncio.sleep(_LOOK_AGAIN)
    return await _online(domid, hypervisor)


async def _online(domid: int, hypervisor: Hypervisor) -> int:
    for info in await hypervisor.domains():
        if info.domid == domid:
            return info.online_vcpus
    raise engine_failed("there is no such domain any more")
