"""What an agent in a guest tells about it.

All of it is a stranger's word: bounded where it is read, shown to people, and never acted on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class ShutdownMode(StrEnum):
    """How a guest is asked to shut down."""

    AUTO = "auto"
    """Its agent where that answers, else ACPI."""
    AGENT = "agent"
    """The agent in it: qemu-guest-agent, or Xen's drivers."""
    ACPI = "acpi"
    """Its power button is pressed."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface, by the `name` that the guest has for it, "" where that is not told. `addresses` are written
    as 192.0.2.7/24, or without the prefix where that is not told; `vif` is the number of the card, None where it is
    none of ours.
    """

    name: str
    mac: str = ""
    addresses: tuple[str, ...] = ()
    vif: int | None = None


@dataclass(frozen=True, slots=True)
class GuestUser:
    """Somebody who is logged in, since seconds since the epoch by the guest's clock."""

    name: str
    since: float | None = None


@dataclass(frozen=True, slots=True)
class GuestFilesystem:
    """A mounted file system; `size` and `used` are in bytes, None where they are not told."""

    mountpoint: str
    type: str = ""
    device: str = ""
    size: int | None = None
    used: int | None = None


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """All that an agent tells. What it does not tell is None, or "".

    `agent` is its name, `os` the name of the operating system with its version, `time_offset` the seconds that the
    guest's clock is ahead of the host's, `frozen` whether its file systems are.
    """

    agent: str
    version: str = ""
    os: str = ""
    kernel: str = ""
    host_name: str = ""
    interfaces: tuple[Interface, ...] | None = None
    users: tuple[GuestUser, ...] | None = None
    filesystems: tuple[GuestFilesystem, ...] | None = None
    time_offset: float | None = None
    frozen: bool | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """How far a command in a guest is. Its output is told when it has ended, as base64; `truncated`: it said more than
    its agent keeps. `signal` is what ended it, where the guest tells that.
    """

    exited: bool
    exit_code: int | None = None
    signal: int | None = None
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False


def with_cards(interfaces: Iterable[Interface], macs: Mapping[int, str]) -> tuple[Interface, ...]:
    """`interfaces` with the cards that they are, by the cards' addresses `macs`; cards first, in their order."""
    numbers = {mac.lower(): number for number, mac in macs.items()}
    found = [
        replace(each, vif=numbers.get(each.mac))
        if each.vif is None
        else replace(each, mac=each.mac or macs.get(each.vif, ""))
        for each in interfaces
    ]
    return tuple(sorted(found, key=lambda each: (each.vif is None, each.vif or 0)))
