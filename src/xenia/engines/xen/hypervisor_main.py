"""The helper that asks the hypervisor: run by the system's own Python, for which Xen's packages build xen.lowlevel.xc.

One JSON object a line: `{"id": N, "call": NAME, "arguments": [...]}` in, `{"id": N, "result": ...}` or `{"id": N,
"error": TEXT, "errno": N}` out. It imports nothing of Xenia and ends with its standard input.
"""

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
    """All domains, in the order of MEMBERS (xc_domain_getinfo)."""
    found: list[list[Any]] = []
    first = 0
    while batch := HYPERVISOR.domain_getinfo(first, BATCH):
        found += [[info[member] for member in MEMBERS] for info in batch]
        if len(batch) < BATCH:
            break
        first = batch[-1]["domid"] + 1
    return found


def host() -> dict[str, Any]:
    """What the machine and the hypervisor are (xc_physinfo, xc_version)."""
    told: dict[str, Any] = HYPERVISOR.physinfo() | HYPERVISOR.xeninfo()
    return told


CALLS = {
    "domains": domains,
    "host": host,
    "pause": HYPERVISOR.domain_pause,
    "unpause": HYPERVISOR.domain_unpause,
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
