"""What keeps a domain from its memory."""

from __future__ import annotations

from collections.abc import Iterator

from xenia.manager.why.sample import Sample
from xenia.manager.why.weight import weighed
from xenia.model.why import Finding

_PRESSES = 0.05
"""The share of the time from which on it is worth telling."""


def findings(sample: Sample) -> Iterator[Finding]:
    domain, wanted = sample.domain, sample.config.memory
    if domain.memory < wanted:
        message = f"it has {domain.memory} of its {wanted} MiB: it has given back {wanted - domain.memory}"
        yield Finding(25, message, f"xm mem-set --live {domain.name} {wanted}")
    swapped = sample.after.circumstances.swapped
    if swapped:
        share = 100 * swapped / max(1, domain.memory)
        message = f"{swapped} MiB of its memory are on the host's swap space"
        yield Finding(min(90, 20 + round(share)), message, _less(sample))
    pressure, own = sample.pressure("memory") or 0.0, sample.own_pressure("memory")
    if max(pressure, own or 0.0) >= _PRESSES:
        message = f"the host is short of memory: its processes waited for it {100 * pressure:.0f} % of the time"
        weight, message = weighed(pressure, own, message)
        yield Finding(min(95, weight), message, _less(sample))


def _less(sample: Sample) -> str:
    """Memory comes from the largest neighbour, if there is one."""
    others = [domain for domain, _ in sample.neighbours()]
    if not others:
        return "xm info"
    largest = max(others, key=lambda domain: domain.memory)
    return f"xm mem-set --live {largest.name} {max(1, largest.memory // 2)}"
