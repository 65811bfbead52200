"""The kernel's settings of an interface (Linux Documentation/networking/ip-sysctl.rst)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_NET = Path("/proc/sys/net")
_FOLDERS = ("ipv4/conf", "ipv4/neigh", "ipv6/conf", "ipv6/neigh")
_OFF, _DOUBTS = "disable_ipv6", ("accept_dad", "dad_transmits")


def copy_settings(source: str, target: str) -> None:
    """Give `target` all settings of `source` but that of whether it has IPv6. What the kernel does not let be read or
    written is left out (the secret of addresses that has not been set).
    """
    for folder in _FOLDERS:
        there, here = _NET / folder / source, _NET / folder / target
        for name in _names(there):
            if name == _OFF:
                continue
            with suppress(OSError):
                wanted = (there / name).read_bytes()
                if (here / name).read_bytes() != wanted:
                    (here / name).write_bytes(wanted)


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def read_ipv6(interface: str, name: str) -> str | None:
    """None where the host has no IPv6."""
    try:
        return (_NET / "ipv6/conf" / interface / name).read_text().strip()
    except OSError:
        return None


def write_ipv6(interface: str, name: str, value: str) -> None:
    """Silent where the host has no IPv6. Raises OSError."""
    path = _NET / "ipv6/conf" / interface / name
    if path.exists():
        path.write_text(value)


def read_kept(interface: str) -> tuple[str, ...]:
    """The settings that `trust` changes and `write_kept` writes; empty where the host has no IPv6."""
    values = [read_ipv6(interface, name) for name in (_OFF, *_DOUBTS)]
    return tuple(value for value in values if value is not None)


def write_kept(interface: str, values: tuple[str, ...]) -> None:
    """Raises OSError."""
    for name, value in zip((_OFF, *_DOUBTS), values, strict=False):
        write_ipv6(interface, name, value)


def trust(interface: str, values: tuple[str, ...]) -> None:
    """Have IPv6 where `values` have it, and ask nobody whether an address is taken. Raises OSError."""
    for name in _DOUBTS:
        write_ipv6(interface, name, "0")
    write_kept(interface, values[:1])


def switch_off(interface: str) -> None:
    """It has no IPv6 any more, nor anything of it. Raises OSError."""
    write_ipv6(interface, _OFF, "1")


def learns_routes(interface: str) -> bool:
    """Whether the kernel takes default routes from what routers advertise there."""
    accepts, forwards = read_ipv6(interface, "accept_ra"), read_ipv6(interface, "forwarding")
    return accepts == "2" or (accepts == "1" and forwards == "0")
