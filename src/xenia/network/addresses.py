"""The addresses of a card, as its guest file (`ip=`) or a lease has them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network_of(text: str) -> Network | None:
    """`192.0.2.7` and `192.0.2.7/24` are that one address, `192.0.2.0/24` is all of them; None for what is neither."""
    try:
        given = ipaddress.ip_interface(text)
    except ValueError:
        return None
    if given.ip == given.network.network_address:
        return given.network
    return ipaddress.ip_network(given.ip)


def network_word(network: Network) -> str:
    """As people write it: a single address without its prefix."""
    return str(network.network_address if network.prefixlen == network.max_prefixlen else network)


def networks_of(texts: Iterable[str], version: int) -> list[Network]:
    """Those of IPv4 (4) or IPv6 (6), none within another; what is no address is left out."""
    found = [network for text in texts if (network := network_of(text)) is not None and network.version == version]
    return sorted(ipaddress.collapse_addresses(found))  # type: ignore[type-var]


def link_local_of(mac: str) -> ipaddress.IPv6Address:
    """The link-local address that IPv6 makes of a hardware address (RFC 4291, appendix A)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    low = bytes((octets[0] ^ 2,)) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + low)
