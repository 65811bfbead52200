"""The machine, as the hypervisor sees it: Domain-0's kernel knows only its own share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from xenia.engines.xen.facts import XenFacts
from xenia.engines.xen.lacks import LACKS
from xenia.model.host import Capability, EngineReport, Host

_TOLD = (
    *("hw_caps", "virt_caps", "xen_major", "xen_minor", "xen_extra", "xen_caps", "xen_pagesize", "platform_params"),
    *("xen_changeset", "xen_commandline", "cc_compiler", "cc_compile_by", "cc_compile_domain", "cc_compile_date"),
)
"""What `xm info` of old told as well."""


def report(facts: XenFacts, capabilities: frozenset[Capability], told: dict[str, Any]) -> EngineReport:
    """What probing found. `told` is from the hypervisor itself (xc_physinfo, xc_version)."""
    hardware = "hvm" in facts.caps
    return EngineReport(
        "xen",
        facts.version,
        usable=True,
        accelerator="xen",
        accelerator_reason="the hypervisor; with hardware virtualisation" if hardware else NO_HARDWARE,
        capabilities=capabilities,
        lacks=LACKS,
        facts={key: str(told[key]).strip() for key in _TOLD if str(told.get(key, "")).strip()},
    )


NO_HARDWARE = (
    "the hypervisor, without hardware virtualisation: PV guests only (Intel VT-x or AMD-V is switched on in the "
    "firmware's set-up, under names like 'Virtualization Technology' and 'SVM Mode')"
)


def refine(host: Host, told: dict[str, Any]) -> Host:
    """The machine's own CPUs and memory in the place of Domain-0's."""
    return replace(
        host,
        cpus=told["nr_cpus"],
        nodes=told["nr_nodes"],
        cores_per_socket=told["cores_per_socket"],
        threads_per_core=told["threads_per_core"],
        cpu_mhz=told["cpu_khz"] // 1000,
        virt_caps=str(told["virt_caps"]),
        total_memory=told["total_memory"] // 1024,
        free_memory=(told["free_memory"] + told.get("scrub_memory", 0)) // 1024,
    )
