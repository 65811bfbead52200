"""Who else configures a card of the host: what would give it its addresses again, behind the bridge's back.

Looked at are the processes in this network namespace, and what systemd-networkd and NetworkManager tell of each card
below /run (by its index). ifupdown with fixed addresses is nobody: it is done when the host is up.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xenia.model.errors import XeniaError, conflict
from xenia.network.uplink.link import Link

_CLIENTS = ("dhclient", "dhcpcd", "udhcpc", "dhcp6c")
_GUIDE = "the guide has the lines: networking, 'A card that others manage'"


@dataclass(frozen=True, slots=True)
class Owner:
    """`name` is the program; `detail` what it has of the card."""

    name: str
    detail: str
    way_out: str

    def refusal(self, card: str, bridge: str) -> XeniaError:
        return conflict(
            f"'{card}' is managed by {self.name} ({self.detail}), which would give it its addresses again",
            f"{self.way_out.format(card=card, bridge=bridge)}; then xend uses that bridge. {_GUIDE}",
        )


def owner_of(link: Link, proc: Path = Path("/proc"), run: Path = Path("/run")) -> Owner | None:
    """Who manages the card, if somebody does."""
    return _client(link, proc) or (_manager(link, run) if _of_the_host(proc) else None)


def _of_the_host(proc: Path) -> bool:
    """Whether this is the network namespace of the host's first process, whose managers tell below /run."""
    try:
        return (proc / "1/ns/net").readlink() == (proc / "self/ns/net").readlink()
    except OSError:
        return True


def _manager(link: Link, run: Path) -> Owner | None:
    told = _settings(run / "systemd/netif/links" / str(link.index))
    if told.get("ADMIN_STATE", "unmanaged") not in ("unmanaged", "initialized", "linger", "pending"):
        file = told.get("NETWORK_FILE", "its configuration")
        return Owner("systemd-networkd", file, "let systemd-networkd make the bridge '{bridge}' over '{card}'")
    told = _settings(run / "NetworkManager/devices" / str(link.index))
    if told.get("managed", "false") in ("true", "1") and told.get("connection-uuid"):
        detail = f"connection {told['connection-uuid']}"
        return Owner("NetworkManager", detail, "let NetworkManager make the bridge '{bridge}' over '{card}'")
    return None


def _settings(file: Path) -> dict[str, str]:
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, sign, value in (line.partition("=") for line in lines) if sign}


def _client(link: Link, proc: Path) -> Owner | None:
    for process in sorted(proc.glob("[1-9]*"), key=lambda each: int(each.name)):
        words = _command(process)
        program = Path(words[0]).name if words else ""
        if program not in _CLIENTS:
            continue
        others = {word for word in words[1:] if not word.startswith("-")}
        # dhcpcd that names no card has all of them.
        if link.name in others or (program == "dhcpcd" and not others):
            detail = f"process {process.name}"
            way = "let /etc/network/interfaces make the bridge '{bridge}' over '{card}', with DHCP on the bridge"
            return Owner(program, detail, way)
    return None


def _command(process: Path) -> list[str]:
    """Its words, if it is in this network namespace; a name with a remark (`dhcpcd: eth0 [ip4]`) is taken apart."""
    try:
        if (process / "ns/net").readlink() != (process.parent / "self/ns/net").readlink():
            return []
        words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []
    words = [part for word in words for part in word.split()]
    return [words[0].rstrip(":"), *words[1:]] if words else []
