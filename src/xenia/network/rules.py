"""The rules of networks in the packet filter: one table for all of them, made anew as a whole.

A rule that accepts only ends our own chain: what the host's firewall drops stays dropped (man nft, CHAINS).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from xenia.model.network import Forward, Mode, Network, Subnet
from xenia.network.host import Rules
from xenia.network.nft import TABLE, Command

FAMILY = "inet"
_MARK = "made-"
"""The name of an empty chain begins so: the digest of all that was made behind it tells what the table is."""

_CHAINS = {
    "forward": ("filter", "forward", 0),
    "input": ("filter", "input", 0),
    "prerouting": ("nat", "prerouting", -100),
    "output": ("nat", "output", -100),
    "postrouting": ("nat", "postrouting", 100),
}

Expression = Mapping[str, Any]
_ACCEPT: Expression = {"accept": None}
_REJECT: Expression = {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}
_MASQUERADE: Expression = {"masquerade": None}
_ANSWERS: Expression = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}
_FORWARDED: Expression = {"match": {"op": "in", "left": {"ct": {"key": "status"}}, "right": "dnat"}}


def commands_for(networks: Sequence[Network]) -> list[Command]:
    """What makes the table what `networks` need, whatever it is."""
    table = {"table": {"family": FAMILY, "name": TABLE}}
    return [{"add": table}, {"delete": table}, *_content(networks)]


def rules_for(networks: Sequence[Network]) -> Rules | None:
    """What the table is then; None where none is needed."""
    if not any(_rules(networks)):
        return None
    content = _content(networks)
    return Rules(_digest(networks), sum("rule" in each["add"] for each in content))


def read_rules(table: Sequence[Mapping[str, Any]] | None) -> Rules | None:
    """What there is, from what nft has listed."""
    if table is None:
        return None
    names = [each["chain"]["name"] for each in table if "chain" in each]
    digest = next((name.removeprefix(_MARK) for name in names if name.startswith(_MARK)), "")
    return Rules(digest, sum("rule" in each for each in table))


def _content(networks: Sequence[Network]) -> list[Command]:
    commands: list[Command] = [{"add": {"table": {"family": FAMILY, "name": TABLE}}}]
    for name, (kind, hook, priority) in _CHAINS.items():
        chain = {"family": FAMILY, "table": TABLE, "name": name, "type": kind, "hook": hook, "prio": priority}
        commands.append({"add": {"chain": {**chain, "policy": "accept"}}})
    commands.append({"add": {"chain": {"family": FAMILY, "table": TABLE, "name": f"{_MARK}{_digest(networks)}"}}})
    for chain_name, *expressions in _rules(networks):
        rule = {"family": FAMILY, "table": TABLE, "chain": chain_name, "expr": expressions}
        commands.append({"add": {"rule": rule}})
    return commands


def _digest(networks: Sequence[Network]) -> str:
    return hashlib.blake2b(json.dumps(list(_rules(networks))).encode(), digest_size=8).hexdigest()


def _rules(networks: Sequence[Network]) -> Iterator[Sequence[Any]]:
    """The chain of each rule, and its expressions."""
    for network in networks:
        if network.mode is not Mode.BRIDGE:
            yield from _forwarding(network)
        if network.mode is Mode.ISOLATED:
            yield from _services_only(network)
        for subnet in network.subnets if network.mode is Mode.NAT else ():
            yield from _masquerading(network, subnet)
        for forward in network.forwards:
            yield from _port(forward)


def _forwarding(network: Network) -> Iterator[Sequence[Any]]:
    """What passes the host. Frames between two guests do so only where the kernel is told so (br_netfilter), or where
    one asks for a forwarded port of the host.
    """
    into, out = _meta("oifname", network.bridge), _meta("iifname", network.bridge)
    if not network.isolate:
        yield "forward", into, out, _ACCEPT
    if network.mode is Mode.ISOLATED:
        yield "forward", out, _REJECT
        yield "forward", into, _REJECT
        return
    if network.isolate:
        yield "forward", into, out, _REJECT
    yield "forward", out, _ANSWERS, _ACCEPT
    if network.interface:
        yield "forward", out, _meta("oifname", network.interface, "!="), _REJECT
    if network.mode is Mode.NAT:
        for subnet in network.subnets:
            yield "forward", out, _of(_protocol(subnet), "saddr", subnet, "=="), _ACCEPT
        yield "forward", out, _REJECT
        yield "forward", into, _ANSWERS, _ACCEPT
        yield "forward", into, _FORWARDED, _ACCEPT
        yield "forward", into, _REJECT


def _services_only(network: Network) -> Iterator[Sequence[Any]]:
    """Guests of an isolated network have of the host what the network needs, and answers."""
    out = _meta("iifname", network.bridge)
    yield "input", out, _ANSWERS, _ACCEPT
    yield "input", out, _is(_payload("udp", "dport"), {"set": [53, 67, 547]}), _ACCEPT
    yield "input", out, _is(_payload("tcp", "dport"), 53), _ACCEPT
    yield "input", out, _is({"meta": {"key": "l4proto"}}, {"set": ["icmp", "ipv6-icmp"]}), _ACCEPT
    yield "input", out, _REJECT


def _masquerading(network: Network, subnet: Subnet) -> Iterator[Sequence[Any]]:
    protocol = _protocol(subnet)
    ours = _of(protocol, "saddr", subnet, "==")
    yield "postrouting", ours, _of(protocol, "daddr", subnet, "!="), _meta("oifname", network.bridge, "!="), _MASQUERADE
    # A guest that asks a forwarded port of the host, and gets another guest: that one must answer by the host.
    yield "postrouting", ours, _meta("oifname", network.bridge), _FORWARDED, _MASQUERADE


def _port(forward: Forward) -> Iterator[Sequence[Any]]:
    protocol = "ip" if ip_address(forward.ip).version == 4 else "ip6"
    daddr = _payload(protocol, "daddr")
    ports = forward.first if forward.first == forward.last else {"range": [forward.first, forward.last]}
    target: dict[str, Any] = {"family": protocol, "addr": forward.ip}
    if forward.first == forward.last:
        target["port"] = forward.to
    if forward.address:
        here: list[Expression] = [_is(daddr, forward.address)]
    else:
        local = {"fib": {"result": "type", "flags": ["daddr"]}}
        here = [_is({"meta": {"key": "nfproto"}}, "ipv4" if protocol == "ip" else "ipv6"), _is(local, "local")]
        # What is for the host alone stays with it: the kernel would not answer from there.
        loopback = {"prefix": {"addr": "127.0.0.0", "len": 8}} if protocol == "ip" else "::1"
        here.append(_is(daddr, loopback, "!="))
    for chain in ("prerouting", "output"):
        yield chain, *here, _is(_payload(forward.protocol.value, "dport"), ports), {"dnat": target}


def _protocol(subnet: Subnet) -> str:
    return "ip" if subnet.host.version == 4 else "ip6"


def _is(left: Any, right: Any, operator: str = "==") -> Expression:
    return {"match": {"op": operator, "left": left, "right": right}}


def _meta(key: str, name: str, operator: str = "==") -> Expression:
    return _is({"meta": {"key": key}}, name, operator)


def _payload(protocol: str, field: str) -> Any:
    return {"payload": {"protocol": protocol, "field": field}}


def _of(protocol: str, field: str, subnet: Subnet, operator: str) -> Expression:
    network = subnet.host.network
    prefix = {"prefix": {"addr": str(network.network_address), "len": network.prefixlen}}
    return _is(_payload(protocol, field), prefix, operator)
