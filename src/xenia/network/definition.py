"""The text of a network's definition (TOML), read: every complaint with its place.

The keys stand in `KEYS`; what is said about one of them is said once, here.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any, NoReturn

from xenia.model.complaint import Complaint, Severity
from xenia.model.errors import GuestFileError, XeniaError
from xenia.model.network import FixedLease, Forward, Mode, Network, Protocol, Subnet
from xenia.network.definition_places import Places
from xenia.network.interface import NAME_LIMIT, check_name
from xenia.network.subnet import read_subnet

KEYS = (
    *("mode", "bridge", "interface", "vlan", "mtu", "subnet", "subnet6", "dhcp", "domain", "isolate", "proxy"),
    *("openvswitch", "lease", "forward"),
)
LIMIT = 64 << 10
"""The longest definition that is read, in characters."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_TARGET = re.compile(r"(?:\[([^\]]*)\]|([^:]*|[^:]*:[^:]*:.*))(?::(\d{1,6}))?")
"""`10.20.0.5:80`, `[fd00::5]:80`, or either without its port; an IPv6 address alone needs no brackets."""

_MOST_LEASES, _MOST_FORWARDS = 4096, 256
_FOR_BRIDGES = ("subnet", "subnet6", "dhcp", "domain", "proxy", "lease", "forward")
_KINDS = {str: "a text in quotes", int: "a whole number", bool: "true or false", list: "a list"}


def why_no_name(name: str) -> str | None:
    """Why a network cannot be called so; None where it can."""
    if _NAME.fullmatch(name):
        return None
    return f"{name[:64]!a} cannot be the name of a network: up to 32 small letters, digits, '-', '_' and '.'"


def read_network(name: str, text: str, file: str) -> Network:
    """The network `name`, as `text` defines it. Raises GuestFileError with all complaints there are."""
    return _Reader(name, text, file).read()


class _Wrong(Exception):
    """A value that is none; it has been complained about."""


class _Reader:
    def __init__(self, name: str, text: str, file: str) -> None:
        self._name = name
        self._text = text
        self._file = file
        self._complaints: list[Complaint] = []
        self._places = Places(text)
        self._given: dict[str, Any] = {}

    def read(self) -> Network:
        unusable = why_no_name(self._name)
        if unusable is not None:
            self._complain((), unusable)
            raise self._error()
        self._given = self._parse()
        for key in self._given:
            self._check_known((key,), key, KEYS)
        network = Network(
            name=self._name,
            mode=self._mode(),
            bridge=self._bridge(),
            interface=self._interface("interface"),
            vlan=self._number("vlan", 1, 4094),
            mtu=self._number("mtu", 576, 65_535),
            ipv4=self._subnet("subnet", 4),
            ipv6=self._subnet("subnet6", 6),
            domain=self._domain(),
            isolate=self._value("isolate", bool, default=False),
            proxy=self._value("proxy", bool, default=False),
            openvswitch=self._value("openvswitch", bool, default=False),
        )
        network = self._with_tables(network)
        if not self._complaints:
            self._check_sense(network)
        if self._complaints:
            raise self._error()
        return network

    def _with_tables(self, network: Network) -> Network:
        leases = self._tables("lease", _MOST_LEASES, lambda path, table: self._lease(path, table, network))
        forwards = self._tables("forward", _MOST_FORWARDS, lambda path, table: self._forward(path, table, network))
        return replace(network, leases=tuple(leases), forwards=tuple(forwards))

    def _parse(self) -> dict[str, Any]:
        if len(self._text) > LIMIT:
            self._complain((), f"it is longer than {LIMIT >> 10} KiB")
            raise self._error()
        try:
            return tomllib.loads(self._text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            message = re.sub(r" \(at .*\)$", "", str(error))
            line, column = (int(found[1]), int(found[2])) if found else (0, 0)
            hint = "the syntax is TOML: key = value, texts in quotes"
            self._complaints.append(self._at(line, column, f"{message[:1].lower()}{message[1:]}", hint))
            raise self._error() from None

    def _error(self) -> XeniaError:
        return GuestFileError(f"the definition of the network '{self._name[:64]}' is wrong", tuple(self._complaints))

    def _complain(self, path: tuple[str | int, ...], message: str, hint: str | None = None) -> None:
        line, column = self._places.of(path)
        self._complaints.append(self._at(line, column, message, hint, str(path[0]) if path else ""))

    def _at(self, line: int, column: int, message: str, hint: str | None, key: str = "") -> Complaint:
        text = self._places.line(line)
        return Complaint(Severity.ERROR, message, self._file, line, column if line else 0, text, hint, key)

    def _check_known(self, path: tuple[str | int, ...], key: str, known: tuple[str, ...]) -> None:
        if key not in known:
            near = difflib.get_close_matches(key[:32], known, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
            self._complain(path, f"there is no key '{key[:64]}'", hint)

    def _value(self, key: str, kind: type, *, default: Any) -> Any:
        """What is given for `key`, if it is of that kind; else `default`."""
        value = self._given.get(key, default)
        if type(value) is not kind:
            self._complain((key,), f"{key} must be {_KINDS[kind]}, not {_said(value)}")
            return default
        return value

    def _mode(self) -> Mode:
        value = self._value("mode", str, default="")
        if value in tuple(Mode):
            return Mode(value)
        modes = ", ".join(Mode)
        if "mode" not in self._given:
            self._complain((), "it has no mode", f'for example: mode = "nat"; there are: {modes}')
        elif isinstance(self._given["mode"], str):
            near = difflib.get_close_matches(value[:32], tuple(Mode), 1)
            self._complain(
                ("mode",), f"there is no mode '{value[:64]}'", (near and f"did you mean {near[0]}?") or modes
            )
        return Mode.BRIDGE

    def _bridge(self) -> str:
        if "bridge" in self._given:
            return self._interface("bridge")
        if len(self._name) > NAME_LIMIT:
            message = f"its bridge cannot be called '{self._name}': Linux takes {NAME_LIMIT} characters"
            self._complain((), message, 'name the bridge: bridge = "..."')
        return self._name

    def _interface(self, key: str) -> str:
        value: str = self._value(key, str, default="")
        if key in self._given and isinstance(self._given[key], str):
            try:
                check_name(value)
            except XeniaError as error:
                self._complain((key,), error.message, error.hint)
        return value

    def _number(self, key: str, least: int, most: int) -> int:
        value: int = self._value(key, int, default=0)
        if key in self._given and type(self._given[key]) is int and not least <= value <= most:
            self._complain((key,), f"{key} cannot be {value}", f"it may be from {least} to {most}")
            return 0
        return value

    def _subnet(self, key: str, version: int) -> Subnet | None:
        text = self._value(key, str, default="")
        if not text:
            return None
        try:
            return read_subnet(text, version, self._dhcp(version))
        except XeniaError as error:
            about_dhcp = error.message.startswith("dhcp")
            self._complain(("dhcp",) if about_dhcp else (key,), error.message, error.hint)
            return None

    def _dhcp(self, version: int) -> tuple[str, str] | bool:
        value = self._given.get("dhcp", True)
        if isinstance(value, bool):
            return value
        good = isinstance(value, list) and len(value) == 2 and all(isinstance(each, str) for each in value)
        if not good:
            if version == 4 or "subnet" not in self._given:
                hint = 'for example: dhcp = ["10.20.0.100", "10.20.0.199"]'
                self._complain(("dhcp",), "dhcp must be true, false or a list of two addresses", hint)
            return True
        return (value[0], value[1]) if version == 4 else True

    def _domain(self) -> str:
        value: str = self._value("domain", str, default="")
        if value and (len(value) > 200 or not all(_LABEL.fullmatch(label) for label in value.split("."))):
            hint = 'small letters, digits and dashes with dots between: domain = "lab.example"'
            self._complain(("domain",), f"{value[:64]!a} is no name of a domain", hint)
            return ""
        return value

    def _tables(self, key: str, most: int, read: Callable[[tuple[str | int, ...], dict[str, Any]], Any]) -> list[Any]:
        value = self._given.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self._complain((key,), f"{key} must be a table", f"write each as [[{key}]]")
            return []
        if len(value) > most:
            self._complain((key,), f"it has more than {most} of [[{key}]]")
            return []
        found = []
        for number, table in enumerate(value):
            try:
                found.append(read((key, number), table))
            except _Wrong:
                continue
        return found

    def _word(self, path: tuple[str | int, ...], table: dict[str, Any], key: str, default: str | None = None) -> str:
        value = table.get(key, default)
        if value is None:
            self._complain(path, f"this {path[0]} has no {key}")
            raise _Wrong
        if not isinstance(value, str):
            self._complain((*path, key), f"{key} must be a text in quotes, not {_said(value)}")
            raise _Wrong
        return value

    def _lease(self, path: tuple[str | int, ...], table: dict[str, Any], network: Network) -> FixedLease:
        for key in table:
            self._check_known((*path, key), key, ("mac", "ip", "name"))
        mac = self._word(path, table, "mac").lower().replace("-", ":")
        if not _MAC.fullmatch(mac):
            self._refuse((*path, "mac"), f"{mac[:64]!a} is no address of a card", "as in 00:16:3e:01:02:03")
        name = self._word(path, table, "name", "").lower()
        if name and not _LABEL.fullmatch(name):
            self._refuse((*path, "name"), f"{name[:64]!a} is no name for DNS", "letters, digits and dashes")
        ip = self._address((*path, "ip"), self._word(path, table, "ip"), network)
        return FixedLease(mac, ip, name)

    def _address(self, path: tuple[str | int, ...], text: str, network: Network) -> str:
        """An address of a guest in one of the subnets."""
        try:
            address = ip_address(text)
        except ValueError:
            self._refuse(path, f"{text[:64]!a} is no address", "as in 10.20.0.5")
        subnets = [each for each in network.subnets if each.host.version == address.version]
        if not any(address in each.host.network for each in subnets):
            there = ", ".join(each.network for each in network.subnets) or "it has none"
            self._refuse(path, f"{address} is in no subnet of this network", f"subnets: {there}")
        if any(address == each.host.ip for each in subnets):
            self._refuse(path, f"{address} is the host's own address in this network")
        return str(address)

    def _forward(self, path: tuple[str | int, ...], table: dict[str, Any], network: Network) -> Forward:
        for key in table:
            self._check_known((*path, key), key, ("protocol", "port", "to", "address"))
        protocol = self._word(path, table, "protocol", "tcp").lower()
        if protocol not in tuple(Protocol):
            self._refuse((*path, "protocol"), f"there is no protocol {protocol[:64]!a}", "tcp or udp")
        first, last = self._ports((*path, "port"), table.get("port"))
        found = _TARGET.fullmatch(self._word(path, table, "to").strip())
        if found is None:
            self._refuse((*path, "to"), "to must be an address, and may have a port", 'as in to = "10.20.0.5:80"')
        target, port = found[1] or found[2], found[3] or str(first)
        if not 0 < int(port) <= 65_535:
            self._refuse((*path, "to"), f"{port[:64]!a} is no port", 'as in to = "10.20.0.5:80"')
        if last > first and int(port) != first:
            self._refuse((*path, "to"), "the ports of a range keep their numbers", f'to = "{target}"')
        ip = self._address((*path, "to"), target, network)
        address = self._word(path, table, "address", "")
        if address:
            try:
                same = ip_address(address).version == ip_address(ip).version
            except ValueError:
                same = False
            if not same:
                self._refuse((*path, "address"), f"{address[:64]!a} is no address of the same kind as {ip}")
        return Forward(Protocol(protocol), first, last, ip, int(port), address)

    def _ports(self, path: tuple[str | int, ...], value: Any) -> tuple[int, int]:
        words = str(value).split("-") if type(value) in (int, str) else []
        numbers = [int(word) for word in words if word.strip().isdecimal() and len(word) < 8]
        if len(numbers) != len(words) or len(numbers) not in (1, 2) or not 0 < numbers[0] <= numbers[-1] <= 65_535:
            self._refuse(path, "port must be a port or a range of them", 'port = 8080, or port = "8000-8010"')
        return numbers[0], numbers[-1]

    def _refuse(self, path: tuple[str | int, ...], message: str, hint: str | None = None) -> NoReturn:
        self._complain(path, message, hint)
        raise _Wrong

    def _check_sense(self, network: Network) -> None:
        """What is right by itself, and makes no sense together."""
        if network.mode is Mode.BRIDGE:
            for key in _FOR_BRIDGES:
                if key in self._given:
                    hint = "addresses come from what is on the bridge; modes with their own are isolated, nat, routed"
                    self._complain((key,), f"a network of mode bridge has no {key}", hint)
            if network.openvswitch:
                self._check_switch()
            elif network.vlan and not network.interface:
                self._complain(("vlan",), "vlan is a VLAN of a card of the host", 'name it: interface = "eth1"')
            if len(network.port) > NAME_LIMIT:
                message = f"the VLAN's interface {network.port} would have more than {NAME_LIMIT} characters"
                self._complain(("vlan",), message)
            return
        if network.openvswitch:
            message = f"a network of mode {network.mode} has a bridge of its own"
            self._complain(("openvswitch",), message, 'mode = "bridge" uses one of Open vSwitch')
        if network.vlan:
            self._complain(("vlan",), f"a network of mode {network.mode} has no vlan", 'mode = "bridge" has')
        if network.mode is Mode.ISOLATED:
            for key in ("interface", "forward"):
                if key in self._given:
                    self._complain((key,), f"an isolated network has no {key}", 'mode = "nat" has')
        if network.mode is Mode.NAT and not network.subnets and "subnet" not in self._given:
            self._complain((), "a network of mode nat needs a subnet", 'for example: subnet = "10.20.0.0/24"')
        if network.proxy and (network.mode is not Mode.ROUTED or not network.interface):
            hint = 'mode = "routed" and interface = "eth0"'
            self._complain(("proxy",), "proxy is for a routed network with an interface", hint)
        if network.mode is not Mode.NAT and network.forwards:
            self._complain(("forward",), f"a network of mode {network.mode} forwards no ports", 'mode = "nat" does')
        self._check_unique(network)

    def _check_switch(self) -> None:
        """A bridge of Open vSwitch is not made by us, nor changed."""
        for key in ("interface", "mtu", "isolate"):
            if key in self._given:
                hint = "ovs-vsctl changes the bridge, with whatever is on it"
                self._complain((key,), f"a network on Open vSwitch has no {key}", hint)

    def _check_unique(self, network: Network) -> None:
        seen: dict[tuple[str, str], int] = {}
        for number, lease in enumerate(network.leases):
            for key, value in (("mac", f"{lease.mac} {ip_address(lease.ip).version}"), ("ip", lease.ip)):
                if (key, value) in seen:
                    self._complain(("lease", number), f"the {key} of this lease has another one, too")
                seen.setdefault((key, value), number)
        for number, forward in enumerate(network.forwards):
            if any(meet(forward, other) for other in network.forwards[:number]):
                self._complain(("forward", number), f"{forward} is forwarded already")


def meet(one: Forward, other: Forward) -> bool:
    """Whether two forwards are for the same port of the same address."""
    same = one.protocol is other.protocol and ip_interface(one.ip).version == ip_interface(other.ip).version
    anywhere = not one.address or not other.address or one.address == other.address
    return same and anywhere and one.first <= other.last and other.first <= one.last


def _said(value: Any) -> str:
    return _KINDS.get(type(value), "a table, a date or a number with a point")
