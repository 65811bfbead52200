"""A subnet as it is written, and what it becomes."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address, ip_interface

from xenia.model.errors import invalid
from xenia.model.network import Subnet

_SHORTEST = {4: 8, 6: 48}
_LONGEST = {4: 30, 6: 120}
_FIRST_6, _LAST_6 = 0x1000, 0x1FFF
"""The last bits of what DHCPv6 gives: far from addresses that people choose."""


def read_subnet(text: str, version: int, dhcp: tuple[str, str] | bool) -> Subnet:
    """`10.20.0.0/24` (the host gets the first address), or `10.20.0.9/24` (it gets this one). `dhcp` are the first and
    the last address that are given to guests, or whether any are.

    Raises invalid; its message begins with dhcp where that is at fault.
    """
    example = "10.20.0.0/24" if version == 4 else "fd00:20::/64"
    try:
        given = ip_interface(text)
    except ValueError:
        raise invalid(f"{text[:64]!a} is no subnet", f"as in {example}") from None
    if given.version != version:
        key = "subnet6" if version == 4 else "subnet"
        raise invalid(f"{text[:64]} is a subnet of IPv{given.version}", f'{key} = "{text[:64]}"')
    length = given.network.prefixlen
    if "/" not in text or not _SHORTEST[version] <= length <= _LONGEST[version]:
        message = f"{text[:64]} has no prefix from /{_SHORTEST[version]} to /{_LONGEST[version]}"
        raise invalid(message, f"as in {example}")
    network = given.network
    if network.is_loopback or network.is_multicast or network.is_link_local or network.network_address.is_unspecified:
        raise invalid(f"{network} cannot be the subnet of a network of guests", f"as in {example}")
    host = given if given.ip != network.network_address else ip_interface(f"{network.network_address + 1}/{length}")
    if version == 4 and host.ip == network.broadcast_address:
        raise invalid(f"{host.ip} is the broadcast address of {network}", f"the host's may be {host.ip - 1}")
    first, last = _given(dhcp, host) if isinstance(dhcp, tuple) else _range(host) if dhcp else ("", "")
    return Subnet(str(host), first, last)


def _range(host: IPv4Interface | IPv6Interface) -> tuple[str, str]:
    """What DHCP gives where nothing is said: the longer part of what is beside the host's address."""
    base = host.network.network_address
    if host.version == 6:
        longest = host.network.num_addresses - 1
        return str(base + min(_FIRST_6, longest // 2)), str(base + min(_LAST_6, longest))
    least, most = base + 1, host.network.broadcast_address - 1
    before, after = int(host.ip) - int(least), int(most) - int(host.ip)
    return (str(host.ip + 1), str(most)) if after >= before else (str(least), str(host.ip - 1))


def _given(dhcp: tuple[str, str], host: IPv4Interface | IPv6Interface) -> tuple[str, str]:
    ends: list[IPv4Address | IPv6Address] = []
    for text in dhcp:
        try:
            end = ip_address(text)
        except ValueError:
            raise invalid(f"dhcp: {text[:64]!a} is no address", 'as in dhcp = ["10.20.0.100", "10.20.0.199"]') from None
        if end not in host.network or end in (host.network.network_address, host.network.broadcast_address):
            raise invalid(f"dhcp: {end} can be no guest's address in {host.network}")
        ends.append(end)
    first, last = ends
    if int(first) > int(last):
        raise invalid(f"dhcp: {first} is after {last}", "the first address stands first")
    if int(first) <= int(host.ip) <= int(last):
        raise invalid(f"dhcp: {host.ip} between {first} and {last} is the host's own address")
    return str(first), str(last)
