"""What the Xen engine is told once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from xenia.engines.xen.hypervisor import PYTHON
from xenia.engines.xen.xenstore import PATHS
from xenia.model.display import VncRules

DEFAULT_DOM0_MIN_MEM = 512
"""MiB. xend's own default was 196, of a time with smaller kernels."""

DEFAULT_XL = "/usr/sbin/xl"
"""By its place: an xl in somebody's PATH may be a link to xm."""

_HOTPLUG = Path(__file__).with_name("hotplug")


@dataclass(frozen=True, slots=True)
class XenSettings:
    """`run_dir` holds a run folder UUID/ for each domain. `python` is the system's own, for Xen's Python module.

    `dom0_ballooning` lets Domain-0 give up memory for a guest that would not fit, never below `dom0_min_mem` (MiB).
    `hotplug` is the folder of the scripts that xl runs for disks (`vbd`) and cards (`vif`).
    """

    run_dir: Path
    xl: str = DEFAULT_XL
    python: str = PYTHON
    xenstore: tuple[Path, ...] = PATHS
    dom0_ballooning: bool = False
    dom0_min_mem: int = DEFAULT_DOM0_MIN_MEM
    vnc: VncRules = field(default_factory=VncRules)
    hotplug: Path = field(default=_HOTPLUG)

    def config_of(self, uuid: str) -> Path:
        """The xl.cfg that a domain was started with."""
        return self.run_dir / uuid / "domain.cfg"
