"""The helper that asks the hypervisor: run by the system's own Python, for which Xen's packages build xen.lowlevel.xc.

One JSON object a line: `{"id": N, "call": NAME, "arguments": [...]}` in, `{"id": N, "result": ...}` or `{"id": N,
"error": TEXT, "errno": N}` out. It imports nothing of Xenia and ends with its standard input.
"""

import contextlib
import json
import sys
from typing import Any

for folder in reversed(sys.argv[1:]):
    sys.path.insert(0, folder)

from xen.lowlevel import xc  # noqa: E402  # from the folders of the command line

HYPERVISOR = xc.xc()
BATCH = 1024

MEMBERS = (
    "domid", "handle", "dying", "crashed", "shutdown", "shutdown_reason", "paused", "blocked", "hvm",
    "mem_kb", "maxmem_kb", "cpu_time", "online_vcpus",
)  # fmt: skip


def domains() -> list[list[Any]]:
    """All domains, in the order of MEMBERS."""
    return [[info[member] for member in MEMBERS] for info in domain_infos()]


def domain_infos() -> list[dict[str, Any]]:
    """All domains (xc_domain_getinfo)."""
    found: list[dict[str, Any]] = []
    first = 0
    while batch := HYPERVISOR.domain_getinfo(first, BATCH):
        found += batch
        if len(batch) < BATCH:
            break
        first = batch[-1]["domid"] + 1
    return found


def vcpus(domid: int | None = None) -> list[list[Any]]:
    """The virtual CPUs of all domains, or of one (xc_vcpu_getinfo); of those that end meanwhile none."""
    if domid is None:
        infos = domain_infos()
    else:
        infos = [info for info in HYPERVISOR.domain_getinfo(domid, 1) if info["domid"] == domid]
    found: list[list[Any]] = []
    for info in infos:
        with contextlib.suppress(xc.Error):
            numbers = range(info["max_vcpu_id"] + 1)
            found.append([info["domid"], [_vcpu(info["domid"], number) for number in numbers]])
    return found


def _vcpu(domid: int, number: int) -> list[Any]:
    info = HYPERVISOR.vcpu_getinfo(domid, number)
    return [number, info["online"], info["blocked"], info["running"], info["cpu_time"]]


def host() -> dict[str, Any]:
    """What the machine and the hypervisor are (xc_physinfo, xc_version)."""
    told: dict[str, Any] = HYPERVISOR.physinfo() | HYPERVISOR.xeninfo()
    return told


CALLS = {
    "domains": domains,
    "vcpus": vcpus,
    "host": host,
    "pause": HYPERVISOR.domain_pause,
    "unpause": HYPERVISOR.domain_unpause,
    "resume": HYPERVISOR.domain_resume,
    "hvm_param": HYPERVISOR.hvm_get_param,
    "set_handle": HYPERVISOR.domain_sethandle,
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"result": CALLS[request["call"]](*request["arguments"])}
    except xc.Error as error:
        number, *words = error.args
        answer = {"error": " ".join(str(word) for word in words) or str(error), "errno": number}
    sys.stdout.write(json.dumps({"id": request["id"]} | answer) + "\n")
    sys.stdout.flush()
