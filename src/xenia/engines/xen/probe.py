"""Whether this host runs Xen, and what that Xen can do."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

from xenia.engines.xen.facts import XenFacts
from xenia.engines.xen.hypervisor import Hypervisor
from xenia.engines.xen.settings import XenSettings
from xenia.model.errors import unavailable

OLDEST = (4, 17)

_CAPABILITIES = Path("/proc/xen/capabilities")
_SYS = Path("/sys/hypervisor")


def booted_into_xen(sys: Path = _SYS) -> bool:
    """Whether a Xen hypervisor is below this kernel (Linux Documentation/ABI/stable/sysfs-hypervisor-xen)."""
    return _text(sys / "type") == "xen"


def version(sys: Path = _SYS) -> tuple[str, str]:
    """Major and minor number of the running hypervisor, as text."""
    return _text(sys / "version/major"), _text(sys / "version/minor")


def check_host(settings: XenSettings, *, sys: Path = _SYS, capabilities: Path = _CAPABILITIES) -> None:
    """Raises unavailable, with the way out, where this is no Domain-0 that can be used."""
    if not booted_into_xen(sys):
        raise unavailable(
            "this host is not booted into Xen",
            "apt-get install xen-system-amd64, then choose 'Debian GNU/Linux, with Xen hypervisor' at the next boot",
        )
    if "control_d" not in _text(capabilities).split():
        raise unavailable(
            "this is no Domain-0: it is a guest of Xen, or /proc/xen is not mounted",
            "in Domain-0: mount -t xenfs xenfs /proc/xen",
        )
    major, minor = version(sys)
    if (int(major or 0), int(minor or 0)) < OLDEST:
        raise unavailable(
            f"this is Xen {major}.{minor}; Xenia needs {OLDEST[0]}.{OLDEST[1]} or newer", "upgrade the host's Xen"
        )
    if os.geteuid() != 0:
        raise unavailable("only root may control Xen's domains", "run xend as root")
    if shutil.which(settings.xl) is None:
        raise unavailable("xl is not installed", "apt-get install xen-utils-common")
    try:
        _make_ready(settings)
    except OSError as error:
        raise unavailable(f"cannot use {error.filename}: {error.strerror}") from error


def _make_ready(settings: XenSettings) -> None:
    """The folder of the settings; scripts that can be run: not every way of unpacking a wheel keeps that."""
    settings.run_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
    for script in settings.hotplug.iterdir():
        if not os.access(script, os.X_OK):
            script.chmod(0o755)


async def probe(settings: XenSettings, hypervisor: Hypervisor) -> XenFacts:
    """What is running. The hypervisor's helper is started for it. Raises unavailable."""
    check_host(settings)
    await hypervisor.start()
    return facts_of(await hypervisor.host())


def facts_of(told: dict[str, Any]) -> XenFacts:
    """From what the hypervisor tells of itself (xc_physinfo, xc_version)."""
    extra = re.match(r"[.\d]*", str(told.get("xen_extra", "")))
    kinds = set(str(told.get("virt_caps", "")).split()) & {"pv", "hvm"}
    if "xen-3.0-x86_32p" in str(told.get("xen_caps", "")).split():
        kinds.add("pv32")
    return XenFacts(
        version=f"{told['xen_major']}.{told['xen_minor']}{extra[0] if extra else ''}",
        caps=frozenset(kinds | ({"pvh"} if "hvm" in kinds else set())),
        total_memory=told["total_memory"] // 1024,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
