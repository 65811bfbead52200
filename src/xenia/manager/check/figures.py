"""What a guest file asks for, against what the host has."""

from __future__ import annotations

from collections.abc import Iterator

from xenia.model.complaint import Complaint, Severity
from xenia.model.domain import DomainConfig
from xenia.model.host import Host


def check_figures(config: DomainConfig, host: Host) -> Iterator[Complaint]:
    """Warnings about more memory or more virtual CPUs than the host has."""
    if config.memory > host.total_memory:
        message = f"memory = {config.memory} MiB is more than this host has ({host.total_memory} MiB)"
        yield _warning("memory", message, "the guest will not start, or the host will swap")
    if config.vcpus > host.cpus:
        message = f"vcpus = {config.vcpus} is more than the CPUs of this host ({host.cpus})"
        yield _warning("vcpus", message, "they wait for each other: the guest becomes slower with them, not faster")


def _warning(key: str, message: str, hint: str) -> Complaint:
    return Complaint(Severity.WARNING, message, hint=hint, key=key)
