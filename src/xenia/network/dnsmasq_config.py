"""The configuration of the dnsmasq of one network (man dnsmasq): DHCP, router advertisements, DNS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xenia.model.network import Mode, Network, Subnet

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LEASE_TIME = "1h"


@dataclass(frozen=True, slots=True)
class ServiceFiles:
    """`config` is what it is started with, `hosts` what it knows of cards, `leases` what it has given them."""

    config: str
    hosts: str
    leases: str


def config_for(network: Network, files: ServiceFiles, index: int) -> str:
    """`index` is the number of the bridge in the kernel: dnsmasq holds on to the bridge itself, and one that was made
    anew needs another dnsmasq.
    """
    return "".join(f"{line}\n" for line in _lines(network, files, index))


def _lines(network: Network, files: ServiceFiles, index: int) -> Iterator[str]:
    yield f"# Made by xend for the network '{network.name}' (interface {index}); it is written anew by xend alone."
    yield from (f"interface={network.bridge}", "except-interface=lo", "bind-interfaces", "no-hosts")
    yield from ("domain-needed", "bogus-priv", "quiet-dhcp", "quiet-dhcp6", "quiet-ra")
    if network.domain:
        yield from (f"domain={network.domain}", f"local=/{network.domain}/")
    if network.mode is Mode.ISOLATED:
        yield "no-resolv"
    yield f"dhcp-hostsfile={files.hosts}"
    yield f"dhcp-leasefile={files.leases}"
    # Names come from xend alone: a guest that calls itself `gateway` is not believed.
    yield from ("dhcp-ignore-names", "dhcp-authoritative", "no-ping", "dhcp-lease-max=65536")
    if network.ipv4 is not None:
        yield from _ipv4(network, network.ipv4)
    if network.ipv6 is not None and network.ipv6.first:
        yield from _ipv6(network, network.ipv6)


def _ipv4(network: Network, subnet: Subnet) -> Iterator[str]:
    mask = subnet.host.netmask
    if subnet.first:
        yield f"dhcp-range={subnet.first},{subnet.last},{mask},{_LEASE_TIME}"
    elif network.leases:
        yield f"dhcp-range={subnet.host.network.network_address},static,{mask},{_LEASE_TIME}"
    if network.mode is Mode.ISOLATED:
        yield "dhcp-option=option:router"
    if network.mtu:
        yield f"dhcp-option=option:mtu,{network.mtu}"


def _ipv6(network: Network, subnet: Subnet) -> Iterator[str]:
    """Addresses by DHCPv6, and by SLAAC where the prefix is one for it."""
    length = subnet.host.network.prefixlen
    slaac = ",slaac,ra-names" if subnet.slaac else ""
    yield "enable-ra"
    yield f"dhcp-range={subnet.first},{subnet.last}{slaac},{length},{_LEASE_TIME}"
    mtu = f"mtu:{network.mtu}," if network.mtu else ""
    if network.mode is Mode.ISOLATED:
        yield f"ra-param={network.bridge},{mtu}0,0"  # no router
    elif mtu:
        yield f"ra-param={network.bridge},{mtu}0"


def hosts_for(network: Network, names: Mapping[str, str], addresses: Mapping[str, Sequence[str]]) -> str:
    """What it is to know of cards: fixed leases, and the names of domains by the addresses of their cards; `addresses`
    are those that cards are to have by their guest files. A name that DNS cannot have is left out; of several cards
    with one name the first has it.
    """
    fixed: dict[str, list[str]] = {}
    called: dict[str, str] = {}
    for lease in network.leases:
        fixed.setdefault(lease.mac, []).append(_host_address(lease.ip))
        if lease.name:
            called[lease.mac] = lease.name
    for mac, wished in addresses.items():
        fixed.setdefault(mac, list(map(_host_address, wished)))
    taken = set(called.values())
    for mac, name in names.items():
        label = name.lower()
        if mac not in called and label not in taken and _LABEL.fullmatch(label):
            called[mac] = label
            taken.add(label)
    lines = (",".join((mac, *fixed.get(mac, ()), *filter(None, (called.get(mac),)))) for mac in {**fixed, **called})
    return "".join(f"{line}\n" for line in sorted(lines))


def _host_address(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip
