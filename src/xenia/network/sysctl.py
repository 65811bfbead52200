"""Settings of the kernel below /proc/sys/net, of the network namespace of the calling thread."""

from __future__ import annotations

from pathlib import Path

from xenia.model.errors import denied, unavailable

_ROOT = Path("/proc/sys")


def read_sysctl(path: str) -> str | None:
    """What is at `path` (`net/ipv4/ip_forward`); None for nothing."""
    try:
        return (_ROOT / path).read_text().strip()
    except OSError:
        return None


def write_sysctl(path: str, value: str) -> None:
    """Raises denied, and unavailable where the kernel has no such setting or does not take the value."""
    try:
        (_ROOT / path).write_text(value)
    except PermissionError as error:
        raise denied(f"xend may not set {path.replace('/', '.')}", "run xend as root") from error
    except OSError as error:
        raise unavailable(f"cannot set {path.replace('/', '.')} to {value}: {error.strerror}") from error


def accept_ra() -> dict[str, str]:
    """What each interface does with router advertisements; empty in a kernel without IPv6."""
    found = {}
    for path in _ROOT.glob("net/ipv6/conf/*/accept_ra"):
        value = read_sysctl(str(path.relative_to(_ROOT)))
        if value is not None:
            found[path.parent.name] = value
    return found
