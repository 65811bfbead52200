"""What a domain has used since its start, counted: the rates are the differences between two looks."""

from __future__ import annotations

from dataclasses import dataclass

from xenia.model.vcpu import VcpuState


@dataclass(frozen=True, slots=True)
class VcpuStats:
    """`cpu_time` and `wait` are seconds: what it has run, and for how long it could have run and waited for a CPU of
    the host. `wait` and `state` are None where the engine cannot tell.
    """

    number: int
    cpu_time: float
    wait: float | None = None
    state: VcpuState | None = None


@dataclass(frozen=True, slots=True)
class DiskStats:
    """`reads` and `writes` are requests, `errors` those that failed. `read_time` and `write_time` are the seconds that
    all of them together have taken; None where the engine does not tell.
    """

    target: str
    read_bytes: int
    write_bytes: int
    reads: int
    writes: int
    errors: int = 0
    read_time: float | None = None
    write_time: float | None = None


@dataclass(frozen=True, slots=True)
class VifStats:
    """A card by its number and the host's end of it; `rx` is what the guest has received, `tx` what it has sent."""

    number: int
    interface: str
    rx_bytes: int
    tx_bytes: int
    rx_packets: int
    tx_packets: int
    rx_dropped: int = 0
    tx_dropped: int = 0


@dataclass(frozen=True, slots=True)
class Stats:
    """`disks` is None where the engine does not answer for them. A card that nobody counts (user-mode networking) is
    not among `vifs`.
    """

    vcpus: tuple[VcpuStats, ...] = ()
    disks: tuple[DiskStats, ...] | None = ()
    vifs: tuple[VifStats, ...] = ()
