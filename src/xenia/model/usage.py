"""What a domain or the host uses, and has used."""

from __future__ import annotations

from dataclasses import dataclass, fields

Column = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """At one moment; None for what is not known. `cpu` is percent of all of its CPUs, `memory` is MiB; bytes and
    requests are per second. `rx` is what a guest receives, `tx` what it sends.
    """

    cpu: float | None = None
    memory: float | None = None
    read_bytes: float | None = None
    write_bytes: float | None = None
    reads: float | None = None
    writes: float | None = None
    rx_bytes: float | None = None
    tx_bytes: float | None = None


FIGURES = tuple(each.name for each in fields(Usage))


@dataclass(frozen=True, slots=True)
class UsageHistory:
    """The figures of `Usage`, a column each, from the first to the last that are known: the mean of `step` seconds
    each, the first of which begin at `begin`. null is what is not known: a gap. `now` is when it was told. Both are
    seconds since the epoch, by the clock of the host.
    """

    now: float
    begin: int
    step: int
    cpu: Column = ()
    memory: Column = ()
    read_bytes: Column = ()
    write_bytes: Column = ()
    reads: Column = ()
    writes: Column = ()
    rx_bytes: Column = ()
    tx_bytes: Column = ()
