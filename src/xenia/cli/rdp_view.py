"""The screen of a guest as its host shows it over RDP (rdp = 1 in its guest file)."""

from __future__ import annotations

from ipaddress import ip_address

from xenia.client.errors import ClientError
from xenia.client.rdp import NoDesktop, knock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from xenia.cli.command import Context

_SECONDS = 4.0
_USER = "vnc"
"""VNC knows no users, and RDP clients ask for one."""


def joined(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def user_of_view(name: str, user: str | None) -> str:
    """Who logs in to see the guest `name`: xrdp finds it by the domain of the login."""
    return f"{name}\\{(user or _USER).rpartition(chr(92))[2] or _USER}"


def view_of(context: Context, domain: dict[str, Any]) -> tuple[str, int]:
    """Where it is, from here: address and port. Raises ClientError where it cannot be reached, or does not answer."""
    name, (told, _, port) = domain["name"], domain["rdp"].rpartition(":")
    address = told.strip("[]")
    if ip_address(address).is_loopback and context.host:
        raise ClientError(
            f"the screen of '{name}' is shown over RDP at {domain['rdp']} of {context.host} alone",
            kind="unavailable",
            hint=f"ssh -L {port}:{domain['rdp']} {context.host}, then an RDP client at 127.0.0.1:{port} with the user "
            f"{user_of_view(name, None)}; for all to reach it: rdp_listen in its xend.toml",
        )
    if ip_address(address).is_unspecified:
        address = _address_of(context) or ("::1" if ":" in address else "127.0.0.1")
    try:
        knock(address, int(port), _SECONDS)
    except NoDesktop as error:
        raise ClientError(
            f"the host does not show the screen of '{name}' over RDP at {joined(address, int(port))}: {error.why}",
            kind="unavailable",
            hint="xm log tells why; the screen itself: xm vncviewer DOMAIN",
        ) from error
    return address, int(port)


def _address_of(context: Context) -> str:
    """That of another host, as the user has logged in there; "" for this one."""
    if not context.host:
        return ""
    from xenia.client.hosts import find
    from xenia.client.remote import place_of

    return place_of(find(context.host).url).host
