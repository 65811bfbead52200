"""Domains as Xen-API's VMs. Without I/O; a domain is a row of xend's list.

A VM is referred to by its UUID, or by its name where it has none before it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Row = dict[str, Any]

REF = "OpaqueRef:"

_POWER = {
    "defined": "Halted",
    "starting": "Running",
    "running": "Running",
    "blocked": "Running",
    "dying": "Running",
    "paused": "Paused",
    # Kept after its end, it still has its disks: who fences waits until it has none.
    "shutdown": "Paused",
    "crashed": "Paused",
}
_MIB = 1 << 20


class Failure(Exception):
    """What Xen-API calls an error: a code, and what it is about."""

    def __init__(self, *description: str) -> None:
        super().__init__(*description)
        self.description = description


def identity(domain: Row) -> str:
    return str(domain["uuid"] or domain["name"])


def reference(domain: Row) -> str:
    return REF + identity(domain)


def power(domain: Row) -> str:
    return "Suspended" if domain["suspended"] else _POWER[domain["state"]]


def record(domain: Row) -> dict[str, Any]:
    """Numbers beyond 32 bits are texts (the wire format of Xen-API)."""
    return {
        "uuid": identity(domain),
        "name_label": domain["name"],
        "name_description": "",
        "power_state": power(domain),
        "is_a_template": False,
        "is_control_domain": domain["domid"] == 0,
        "domid": str(-1 if domain["domid"] is None else domain["domid"]),
        "memory_target": str(domain["memory"] * _MIB),
        "memory_static_max": str(domain["max_memory"] * _MIB),
        "VCPUs_max": str(domain["vcpus"]),
        "VCPUs_at_startup": str(domain["vcpus"]),
    }


def find(domains: Iterable[Row], ref: str) -> Row:
    """Exactly the one meant: what fences must not take a name's beginning for the name. Raises Failure."""
    for domain in domains:
        if reference(domain) == ref:
            return domain
    raise Failure("HANDLE_INVALID", "VM", ref)


def _by_uuid(domains: Iterable[Row], uuid: str) -> str:
    for domain in domains:
        if identity(domain).lower() == uuid.lower():
            return reference(domain)
    raise Failure("UUID_INVALID", "VM", uuid)


def _field(name: str) -> Callable[[Iterable[Row], str], Any]:
    return lambda domains, ref: record(find(domains, ref))[name]


LISTS: dict[str, Callable[[Iterable[Row]], Any]] = {
    "VM.get_all": lambda domains: [reference(each) for each in domains],
    "VM.get_all_records": lambda domains: {reference(each): record(each) for each in domains},
}
READS: dict[str, Callable[[Iterable[Row], str], Any]] = {
    "VM.get_record": lambda domains, ref: record(find(domains, ref)),
    "VM.get_by_uuid": _by_uuid,
    "VM.get_by_name_label": lambda domains, name: [reference(each) for each in domains if each["name"] == name],
    "VM.get_uuid": _field("uuid"),
    "VM.get_name_label": _field("name_label"),
    "VM.get_power_state": _field("power_state"),
}
