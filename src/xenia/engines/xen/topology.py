"""The machine's CPUs and NUMA nodes, as `xl info -n` prints them (xl_info.c, output_topologyinfo)."""

from __future__ import annotations

import re

from xenia.model.topology import CpuPlace, NumaNode, Topology

_CPU = re.compile(r"\s*(\d+):\s+(\d+|-)\s+(\d+|-)\s+(\d+|-)\s*")
_NODE = re.compile(r"\s*(\d+):\s+(\d+)\s+(\d+)\s+([\d,]+)\s*")


def read_topology(text: str) -> Topology:
    """What is no row of the two tables is passed over."""
    cpus, nodes = text.partition("cpu_topology")[2], text.partition("numa_info")[2]
    places = [_CPU.fullmatch(line) for line in cpus.partition("numa_info")[0].splitlines()]
    rows = [_NODE.fullmatch(line) for line in nodes.splitlines()]
    return Topology(
        tuple(CpuPlace(int(row[1]), _known(row[2]), _known(row[3]), _known(row[4])) for row in places if row),
        tuple(NumaNode(int(row[1]), int(row[2]), int(row[3]), _listed(row[4])) for row in rows if row),
    )


def _known(word: str) -> int | None:
    return int(word) if word.isdigit() else None


def _listed(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(",") if word)
