"""How the CPUs and the memory of the host lie to each other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CpuPlace:
    """Where the CPU `number` is: its core, the socket of that, and the NUMA node; None where it is not known."""

    number: int
    core: int | None
    socket: int | None
    node: int | None


@dataclass(frozen=True, slots=True)
class NumaNode:
    """Memory in MiB. `distances` are those to each node, in order; the one to itself is 10 as a rule."""

    number: int
    memory: int
    free: int
    distances: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Topology:
    cpus: tuple[CpuPlace, ...] = ()
    nodes: tuple[NumaNode, ...] = ()
