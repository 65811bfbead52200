"""Memory that a running guest takes and gives back: virtio's balloon."""

from __future__ import annotations

from xenia.engines.qemu.argv import CommandLine
from xenia.model.domain import DomainConfig, Kind

_ADDRESS = "0x1.0x1"
"""Beside the bridge of q35 (machine.py), which every guest that is booted by a kernel has: no slot is left."""


def has_balloon(config: DomainConfig) -> bool:
    """A guest that is booted by a kernel for virtio has the driver, too; others would only ask for one."""
    return config.kind is not Kind.HVM


def most_memory(config: DomainConfig) -> int:
    """MiB that the machine is made with. A guest with a balloon starts with its maxmem, and gives back what is above
    memory as soon as its driver is up.
    """
    return max(config.memory, config.max_memory or 0) if has_balloon(config) else config.memory


def add_balloon(line: CommandLine, config: DomainConfig) -> None:
    """In what the guest has given back it may take memory again before it is out of memory."""
    if has_balloon(config):
        line.device({"driver": "virtio-balloon-pci", "addr": _ADDRESS, "deflate-on-oom": True})
