"""Which CPUs of the host the thread of each virtual CPU may use."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xenia.engines.remarks import warning
from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig

_NODES = Path("/sys/devices/system/node")


@dataclass(frozen=True, slots=True)
class HostCpus:
    """All CPUs that processes of xend may use, by number (empty: not asked), and those of each NUMA node."""

    all: frozenset[int] = frozenset()
    nodes: Mapping[int, frozenset[int]] = field(default_factory=dict)


def host_cpus(nodes: Path = _NODES) -> HostCpus:
    """Those of this host now."""
    usable = frozenset(os.sched_getaffinity(0))
    return HostCpus(
        usable,
        {int(node.name[4:]): _numbers(node / "cpulist") & usable for node in nodes.glob("node[0-9]*")},
    )


def cpus_of(text: str, host: HostCpus) -> frozenset[int]:
    """The CPUs that `text` names, word by word, `^` taking away (xl.cfg(5), cpus), as far as there are such."""
    cpus: frozenset[int] = frozenset()
    for word in text.replace(",", " ").split():
        named = _named(word.removeprefix("^"), host)
        cpus = cpus - named if word.startswith("^") else cpus | named
    return cpus


def cpus_of_vcpu(config: DomainConfig, number: int, host: HostCpus) -> frozenset[int]:
    """The CPUs for the virtual CPU `number`, from 0; empty where its guest file chooses none that there are."""
    if number < len(config.vcpu_pins):
        return cpus_of(config.vcpu_pins[number], host)
    return cpus_of(config.cpus or "", host)


def explain_affinity(config: DomainConfig, host: HostCpus) -> Iterator[Complaint]:
    """Choices that this host cannot follow."""
    if not host.all:
        return
    choices = {"cpus": config.cpus, **{f"cpus[{number}]": pin for number, pin in enumerate(config.vcpu_pins)}}
    for key, text in choices.items():
        if text and not cpus_of(text, host):
            yield warning(
                key, f"cpus={text} has no effect: this host's CPUs are {listed(host.all)}", "xm info tells nr_cpus"
            )


def listed(cpus: Iterable[int]) -> str:
    """`0-3,5`, as the kernel writes it."""
    runs: list[list[int]] = []
    for cpu in sorted(cpus):
        if runs and runs[-1][1] == cpu - 1:
            runs[-1][1] = cpu
        else:
            runs.append([cpu, cpu])
    return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)


def _named(word: str, host: HostCpus) -> frozenset[int]:
    by_node = re.fullmatch(r"nodes?:(.*)", word)
    numbers = by_node[1] if by_node else word
    if numbers == "all":
        return host.all
    first, _, last = numbers.partition("-")
    wanted = range(int(first), int(last or first) + 1)
    if not by_node:
        return frozenset(cpu for cpu in host.all if cpu in wanted)
    return frozenset().union(*(cpus for node, cpus in host.nodes.items() if node in wanted))


def _numbers(path: Path) -> frozenset[int]:
    text = path.read_text().strip()
    ranges = (part.partition("-") for part in text.split(",") if part)
    return frozenset(cpu for first, _, last in ranges for cpu in range(int(first), int(last or first) + 1))
