"""What has passed through the network interfaces of the host.

Source: Linux net/core/net-procfs.c (dev_seq_printf_stats) for the columns of /proc/net/dev; one read of it costs less
than one file of /sys/class/net.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from xenia.model.stats import VifStats

_DEVICES = Path("/proc/net/dev")


def read_counters(path: Path = _DEVICES) -> Mapping[str, Sequence[str]]:
    """The figures of each interface of this network namespace; empty where the kernel has no such file."""
    try:
        lines = path.read_text().splitlines()[2:]
    except OSError:
        return {}
    return {name.strip(): figures.split() for name, _, figures in (line.rpartition(":") for line in lines)}


def stats_of_vifs(
    interfaces: Mapping[int, str], counters: Mapping[str, Sequence[str]], *, beside: str = ""
) -> tuple[VifStats, ...]:
    """Of the host's ends of a guest's cards: what the host receives there, the guest has sent. One that
    is not counted is left out. With `beside`, an interface that has this behind its name counts to the same card.
    """
    found = []
    for number, name in sorted(interfaces.items()):
        lines = [counters[each] for each in {name, name + beside} if each in counters]
        if lines:
            sums = [sum(map(int, figures)) for figures in zip(*lines, strict=True)]
            tx_bytes, tx_packets, _, tx_dropped, _, _, _, _, rx_bytes, rx_packets, _, rx_dropped, *_ = sums
            found.append(VifStats(number, name, rx_bytes, tx_bytes, rx_packets, tx_packets, rx_dropped, tx_dropped))
    return tuple(found)
