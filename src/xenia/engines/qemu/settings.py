"""What the QEMU engine is told once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from xenia.model.display import VncRules

DEFAULT_UID_BASE = 0x70000000
"""First of the 65,536 users that guests run as; above what distributions and containers hand out."""

DEFAULT_BINARY = "qemu-system-x86_64"


def default_uid_base() -> int | None:
    """Users of their own for guests need root."""
    return DEFAULT_UID_BASE if os.geteuid() == 0 else None


@dataclass(frozen=True, slots=True)
class QemuSettings:
    """`run_dir` holds a run folder UUID/ for each domain, `log_dir` the logs; `cache` is the file in which probe keeps
    what it found.

    `accelerator` is `auto`, `kvm` or `tcg`. With `uid_base` each QEMU runs as user and group `uid_base + domid % 65536`
    (root only); None means as xend's own user. `background`: guests are saved while they run on, where that
    works. `mounts` lists what is mounted (proc(5), mountinfo).
    """

    run_dir: Path
    log_dir: Path
    cache: Path
    binary: str = DEFAULT_BINARY
    accelerator: str = "auto"
    uid_base: int | None = field(default_factory=default_uid_base)
    vnc: VncRules = field(default_factory=VncRules)
    background: bool = False
    mounts: Path = Path("/proc/self/mountinfo")

    def uid_of(self, domid: int) -> int | None:
        """The user and group that the QEMU of domain `domid` runs as; None for xend's own."""
        return None if self.uid_base is None else self.uid_base + domid % 65536
