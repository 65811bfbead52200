"""The host's CPUs and NUMA nodes, as its kernel tells of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from xenia.model.topology import CpuPlace, NumaNode, Topology


def read_topology(sys: Path = Path("/sys")) -> Topology:
    """From Linux Documentation/ABI/stable/sysfs-devices-system-cpu and sysfs-devices-node; what the kernel does not
    offer is missing.
    """
    nodes = {number: path for number, path in _numbered(sys / "devices/system/node", "node")}
    of_cpu = {cpu: node for node, path in nodes.items() for cpu, _ in _numbered(path, "cpu")}
    cpus = tuple(
        CpuPlace(
            number,
            _number(path / "topology/core_id"),
            _number(path / "topology/physical_package_id"),
            of_cpu.get(number),
        )
        for number, path in _numbered(sys / "devices/system/cpu", "cpu")
    )
    return Topology(cpus, tuple(_node(number, path) for number, path in nodes.items()))


def _node(number: int, path: Path) -> NumaNode:
    """Its meminfo has lines such as `Node 0 MemTotal:  1024 kB`."""
    rows = [line.split() for line in _lines(path / "meminfo")]
    memory = {words[2].rstrip(":"): int(words[3]) for words in rows if len(words) > 3}
    distances = tuple(int(word) for line in _lines(path / "distance") for word in line.split())
    return NumaNode(number, memory.get("MemTotal", 0) // 1024, memory.get("MemFree", 0) // 1024, distances)


def _numbered(folder: Path, prefix: str) -> Iterator[tuple[int, Path]]:
    """The entries `prefix`N of a folder, by their numbers; none where there is no folder."""
    try:
        names = [path for path in folder.iterdir() if re.fullmatch(rf"{prefix}\d+", path.name)]
    except OSError:
        return iter(())
    return iter(sorted((int(path.name.removeprefix(prefix)), path) for path in names))


def _number(path: Path) -> int | None:
    lines = _lines(path)
    return int(lines[0]) if lines else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
