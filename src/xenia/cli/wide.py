"""The wide table of xm list."""

from __future__ import annotations

import time

from xenia.cli.output import table
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HEADER = (
    "Name",
    "ID",
    "Mem",
    "VCPUs",
    "State",
    "Time(s)",
    "Kind",
    "Engine",
    "Uptime",
    "VNC",
    "Tags",
    "Addresses",
    "File",
)


def wide_table(domains: list[dict[str, Any]]) -> str:
    """One line a domain, no cell empty, so that scripts can split it at blanks."""
    now = time.time()
    return table([_HEADER, *(_cells(domain, now) for domain in domains)])


def _cells(domain: dict[str, Any], now: float) -> tuple[str, ...]:
    cells = (
        domain["name"],
        domain["domid"],
        domain["memory"],
        domain["vcpus"],
        domain["letters"],
        f"{domain['cpu_time']:.1f}",
        domain["kind"],
        domain["engine"],
        None if domain["started_at"] is None else uptime(now - domain["started_at"]),
        domain["vnc"],
        ",".join(domain["tags"]),
        ",".join(each["ip"] for each in domain["addresses"] or ()),
        ",".join(domain["files"]) or domain["file"],
    )
    return tuple("-" if cell in (None, "") else printable(str(cell)) for cell in cells)


def uptime(seconds: float) -> str:
    """`seconds` as 98d02:27:44, or 2:27:44 on the first day."""
    minutes, second = divmod(max(0, int(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{days}d{hour:02}:{minute:02}:{second:02}" if days else f"{hour}:{minute:02}:{second:02}"
