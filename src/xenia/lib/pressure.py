"""How short a host, or a control group of it, is of something (Linux Documentation/accounting/psi.rst)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def read_pressure(folder: Path = Path("/proc/pressure"), suffix: str = "") -> Mapping[str, float]:
    """The seconds so far in which a process at least stood still for want of `cpu`, `memory` or `io`; empty where the
    kernel does not count them. The files of a control group have the `suffix` .pressure.
    """
    found = {}
    for what in ("cpu", "memory", "io"):
        try:
            some = (folder / f"{what}{suffix}").read_text().splitlines()[0]
        except (OSError, IndexError):
            continue
        found[what] = int(some.rpartition("total=")[2]) / 1e6
    return found
