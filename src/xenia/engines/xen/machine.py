"""What a guest is: its kind, name, memory and CPUs, and what becomes of it at its end."""

from __future__ import annotations

from collections.abc import Iterator

from xenia.engines.remarks import error, note, warning
from xenia.engines.xen.facts import XenFacts
from xenia.engines.xen.xlcfg import Settings
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig, Kind, Started
from xenia.model.scheduling import WEIGHTS, most_cap

_MOST_CPUS = 128
"""Of HVM and PVH guests: HVM_MAX_VCPUS of Xen's public/hvm/hvm_info_table.h."""


def machine_settings(started: Started) -> Settings:
    """The settings that every guest has, and limits where the guest file names some."""
    config = started.config
    settings: Settings = {
        "type": config.kind.value,
        "name": config.name,
        "uuid": started.uuid,
        "memory": config.memory,
        "vcpus": config.vcpus,
    }
    if config.max_memory is not None and config.max_memory > config.memory:
        settings["maxmem"] = config.max_memory
    if config.max_vcpus is not None and config.max_vcpus > config.vcpus:
        settings["maxvcpus"] = config.max_vcpus
    if config.vcpu_pins:
        settings["cpus"] = ["".join(pin.split()) for pin in config.vcpu_pins]
    elif config.cpus is not None:
        settings["cpus"] = "".join(config.cpus.split())
    if config.cpu_weight is not None and config.cpu_weight in WEIGHTS:
        settings["cpu_weight"] = config.cpu_weight
    if config.cpu_cap is not None and _is_cap(config, config.cpu_cap):
        settings["cap"] = config.cpu_cap
    return settings | _POLICIES


# xend alone ends guests and starts them over, by its own policies and its own record. `preserve` keeps anything else
# of Xen's tools that should ever watch this domain from doing so too, and keeps an ended guest until xend has seen it.
_POLICIES: Settings = {"on_poweroff": "preserve", "on_reboot": "preserve", "on_crash": "preserve"}


def _is_cap(config: DomainConfig, cap: int) -> bool:
    """Percent of one CPU, so at most a hundred for each (xl.cfg(5), cap); 0 means none."""
    return 0 <= cap <= most_cap(max(config.vcpus, config.max_vcpus or 0))


def explain_machine(config: DomainConfig, facts: XenFacts) -> Iterator[Complaint]:
    """Whether this host can run such a guest, and which figures have no effect."""
    yield from _explain_kind(config.kind, facts)
    most = max(config.memory, config.max_memory or 0)
    if facts.total_memory is not None and config.memory > facts.total_memory:
        yield error("memory", f"this host has {facts.total_memory} MiB of memory in all, not {config.memory}")
    elif facts.total_memory is not None and most > facts.total_memory:
        yield note("maxmem", f"this host has {facts.total_memory} MiB of memory in all, not {most}")
    vcpus = max(config.vcpus, config.max_vcpus or 0)
    if config.kind is not Kind.PV and vcpus > _MOST_CPUS:
        yield error("vcpus", f"{vcpus} virtual CPUs are more than the {_MOST_CPUS} of a {config.kind} guest on Xen")
    if config.cpu_weight is not None and config.cpu_weight not in WEIGHTS:
        yield warning(
            "cpu_weight", f"cpu_weight={config.cpu_weight} has no effect: it is between 1 and 65535", "256 is usual"
        )
    if config.cpu_cap is not None and not _is_cap(config, config.cpu_cap):
        yield warning(
            "cpu_cap", f"cpu_cap={config.cpu_cap} has no effect: it is in percent of one CPU", "cpu_cap = 50 is half"
        )


def _explain_kind(kind: Kind, facts: XenFacts) -> Iterator[Complaint]:
    if kind is Kind.PV:
        if "pv" not in facts.caps:
            yield error("builder", "this Xen runs no PV guests: it was built without them", "use type = 'pvh'")
        return
    if "hvm" not in facts.caps:
        yield error(
            "builder" if kind is Kind.HVM else "type",
            f"this host cannot run {kind} guests: Xen finds no hardware virtualisation",
            "switch on VT-x (Intel) or SVM, also called AMD-V (AMD), in the firmware setup of this machine; "
            "where the host is itself a guest, its own host must pass it on",
        )
