"""How short this host is of something (Linux Documentation/accounting/psi.rst)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_FOLDER = Path("/proc/pressure")


def read_pressure(folder: Path = _FOLDER) -> Mapping[str, float]:
    """The seconds since its boot in which a process at least stood still for want of `cpu`, `memory` or `io`; empty
    where the kernel does not count them.
    """
    found = {}
    for what in ("cpu", "memory", "io"):
        try:
            some = (folder / what).read_text().splitlines()[0]
        except OSError:
            continue
        found[what] = int(some.rpartition("total=")[2]) / 1e6
    return found
