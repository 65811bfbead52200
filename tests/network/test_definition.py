from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenia.model.errors import ErrorKind, GuestFileError
from xenia.model.network import FixedLease, Forward, Mode, Network, Protocol, Subnet
from xenia.network.definition import KEYS, read_network

FILE = "/etc/xen/networks/lan.toml"
NAT = 'mode = "nat"\nsubnet = "10.20.0.0/24"\n'


def read(text: str, name: str = "lan") -> Network:
    return read_network(name, text, FILE)


def wrong(text: str, name: str = "lan") -> list[str]:
    """What is said of it: line, column, message and hint."""
    with pytest.raises(GuestFileError) as caught:
        read(text, name)
    assert caught.value.kind is ErrorKind.INVALID
    return [
        f"{each.line}:{each.column}: {each.message}{f' ({each.hint})' if each.hint else ''}"
        for each in caught.value.complaints
    ]


def test_a_short_definition_is_filled_in() -> None:
    network = read(NAT)
    assert network == Network("lan", Mode.NAT, "lan", ipv4=Subnet("10.20.0.1/24", "10.20.0.2", "10.20.0.254"))
    assert network.subnets[0].network == "10.20.0.0/24"
    assert network.forwarding


def test_everything_is_read() -> None:
    network = read(
        """
        mode = "nat"
        bridge = "xenlab"
        interface = "eth0"
        mtu = 1400
        subnet = "10.20.0.254/24"
        subnet6 = "fd00:20::/64"
        dhcp = ["10.20.0.100", "10.20.0.199"]
        domain = "lab.example"
        isolate = true
        [[lease]]
        mac = "00-16-3E-00-00-01"
        ip = "10.20.0.5"
        name = "Web"
        [[lease]]
        mac = "00:16:3e:00:00:01"
        ip = "fd00:20::5"
        [[forward]]
        port = 8080
        to = "10.20.0.5:80"
        [[forward]]
        protocol = "udp"
        port = "5000-5009"
        to = "[fd00:20::5]:5000"
        address = "2001:db8::1"
        [[forward]]
        port = 22
        to = "10.20.0.5"
        """
    )
    assert network == Network(
        "lan",
        Mode.NAT,
        "xenlab",
        "eth0",
        mtu=1400,
        ipv4=Subnet("10.20.0.254/24", "10.20.0.100", "10.20.0.199"),
        ipv6=Subnet("fd00:20::1/64", "fd00:20::1000", "fd00:20::1fff"),
        domain="lab.example",
        isolate=True,
        leases=(
            FixedLease("00:16:3e:00:00:01", "10.20.0.5", "web"),
            FixedLease("00:16:3e:00:00:01", "fd00:20::5"),
        ),
        forwards=(
            Forward(Protocol.TCP, 8080, 8080, "10.20.0.5", 80),
            Forward(Protocol.UDP, 5000, 5009, "fd00:20::5", 5000, "2001:db8::1"),
            Forward(Protocol.TCP, 22, 22, "10.20.0.5", 22),
        ),
    )


@pytest.mark.parametrize(
    ("subnet", "dhcp", "range_"),
    [
        ("10.0.0.0/30", "true", ("10.0.0.2", "10.0.0.2")),
        ("10.0.0.2/30", "true", ("10.0.0.1", "10.0.0.1")),
        ("10.0.0.254/24", "true", ("10.0.0.1", "10.0.0.253")),
        ("10.0.0.0/24", "false", ("", "")),
        ("10.0.0.0/24", '["10.0.0.9", "10.0.0.9"]', ("10.0.0.9", "10.0.0.9")),
    ],
)
def test_what_dhcp_gives(subnet: str, dhcp: str, range_: tuple[str, str]) -> None:
    ipv4 = read(f'mode = "isolated"\nsubnet = "{subnet}"\ndhcp = {dhcp}').ipv4
    assert ipv4 is not None
    assert (ipv4.first, ipv4.last) == range_


def test_a_vlan_of_a_card_is_a_port() -> None:
    assert read('mode = "bridge"\ninterface = "eth1"\nvlan = 12').port == "eth1.12"
    assert read('mode = "bridge"\ninterface = "eth1"').port == "eth1"
    assert read('mode = "bridge"').port == ""
    assert read(f'{NAT}interface = "eth1"').port == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ['0:0: it has no mode (for example: mode = "nat"; there are: bridge, isolated, nat, routed)']),
        ('mode = "natt"', ["1:1: there is no mode 'natt' (did you mean nat?)"]),
        ("mode = 1", ["1:1: mode must be a text in quotes, not a whole number"]),
        (f"{NAT}vlna = 3", ["3:1: there is no key 'vlna' (did you mean vlan?)"]),
        (f"{NAT}\n  mtu = 90000", ["4:3: mtu cannot be 90000 (it may be from 576 to 65535)"]),
        (f"{NAT}isolate = 1", ["3:1: isolate must be true or false, not a whole number"]),
        (f'{NAT}bridge = "a/b"', ["3:1: 'a/b' cannot be the name of an interface (use letters, digits, dots and"]),
        (
            f'{NAT}bridge = "a-bridge-too-long"',
            ["3:1: the interface name 'a-bridge-too-long' is longer than 15 characters (choose a shorter one)"],
        ),
        ('mode = "nat"', ['0:0: a network of mode nat needs a subnet (for example: subnet = "10.20.0.0/24")']),
        ('mode = "nat"\nsubnet = "10.20.0/24"', ["2:1: '10.20.0/24' is no subnet (as in 10.20.0.0/24)"]),
        ('mode = "nat"\nsubnet = "10.20.0.0"', ["2:1: 10.20.0.0 has no prefix from /8 to /30 (as in 10.20.0.0/24)"]),
        ('mode = "nat"\nsubnet = "fd00::/64"', ['2:1: fd00::/64 is a subnet of IPv6 (subnet6 = "fd00::/64")']),
        (
            'mode = "nat"\nsubnet = "127.0.0.0/8"',
            ["2:1: 127.0.0.0/8 cannot be the subnet of a network of guests (as in 10.20.0.0/24)"],
        ),
        (
            'mode = "nat"\nsubnet = "10.20.0.255/24"',
            ["2:1: 10.20.0.255 is the broadcast address of 10.20.0.0/24 (the host's may be 10.20.0.254)"],
        ),
        (f'{NAT}dhcp = ["10.20.0.9", "10.20.0.5"]', ["3:1: dhcp: 10.20.0.9 is after 10.20.0.5 (the first address"]),
        (f'{NAT}dhcp = ["10.20.0.1", "10.20.0.5"]', ["3:1: dhcp: 10.20.0.1 between 10.20.0.1 and 10.20.0.5 is the"]),
        (f'{NAT}dhcp = ["10.21.0.2", "10.20.0.5"]', ["3:1: dhcp: 10.21.0.2 can be no guest's address in"]),
        (f'{NAT}dhcp = "yes"', ['3:1: dhcp must be true, false or a list of two addresses (for example: dhcp =']),
        (f'{NAT}domain = "a b"', ["3:1: 'a b' is no name of a domain (small letters, digits and dashes with dots"]),
        (f"{NAT}lease = 3", ["3:1: lease must be a table (write each as [[lease]])"]),
        (f'{NAT}[[lease]]\nmac = "x"\nip = "10.20.0.5"', ["4:1: 'x' is no address of a card (as in"]),
        (f'{NAT}[[lease]]\nip = "10.20.0.5"', ["3:3: this lease has no mac"]),
        (
            f'{NAT}[[lease]]\nmac = "00:16:3e:00:00:01"\nip = "10.21.0.5"',
            ["5:1: 10.21.0.5 is in no subnet of this network (subnets: 10.20.0.0/24)"],
        ),
        (
            f'{NAT}[[lease]]\nmac = "00:16:3e:00:00:01"\nip = "10.20.0.1"',
            ["5:1: 10.20.0.1 is the host's own address in this network"],
        ),
        (
            f'{NAT}[[lease]]\nmac="00:16:3e:00:00:01"\nip="10.20.0.5"\n[[lease]]\nmac="00:16:3e:00:00:02"\nip="10.20.0.5"',
            ["6:3: the ip of this lease has another one, too"],
        ),
        (f'{NAT}[[forward]]\nport = 0\nto = "10.20.0.5"', ['4:1: port must be a port or a range of them (port =']),
        (f'{NAT}[[forward]]\nto = "10.20.0.5"', ['3:3: port must be a port or a range of them (port = 8080, or']),
        (f'{NAT}[[forward]]\nport = "70-60"\nto = "10.20.0.5"', ['4:1: port must be a port or a range of them']),
        (f'{NAT}[[forward]]\nport = "80-90"\nto = "10.20.0.5:81"', ["5:1: the ports of a range keep their numbers"]),
        (f'{NAT}[[forward]]\nport = 80\nto = "10.20.0.5:0"', ["5:1: '0' is no port (as in to = \"10.20.0.5:80\")"]),
        (f'{NAT}[[forward]]\nport = 80\nto = "10.20.0.5"\nprotocol = "icmp"', ["6:1: there is no protocol 'icmp'"]),
        (
            f'{NAT}[[forward]]\nport = 80\nto = "10.20.0.5"\naddress = "::1"',
            ["6:1: '::1' is no address of the same kind as 10.20.0.5"],
        ),
        (
            f'{NAT}[[forward]]\nport="80-90"\nto="10.20.0.5"\n[[forward]]\nport=85\nto="10.20.0.6"',
            ["6:3: tcp port 85 is forwarded already"],
        ),
        ('mode = "bridge"\nsubnet = "10.20.0.0/24"', ["2:1: a network of mode bridge has no subnet (addresses come"]),
        ('mode = "bridge"\nvlan = 5', ["2:1: vlan is a VLAN of a card of the host (name it: interface = \"eth1\")"]),
        ('mode = "bridge"\nvlan = 4000\ninterface = "enp0s31f6abc"', ["2:1: the VLAN's interface enp0s31f6abc.4000"]),
        (f"{NAT}vlan = 5", ['3:1: a network of mode nat has no vlan (mode = "bridge" has)']),
        ('mode = "isolated"\ninterface = "eth0"', ['2:1: an isolated network has no interface (mode = "nat" has)']),
        (f"{NAT}proxy = true", ['3:1: proxy is for a routed network with an interface (mode = "routed" and']),
        ("mode = nat", ["1:8: invalid value (the syntax is TOML: key = value, texts in quotes)"]),
        ('mode = "nat"\nsubnet "x"', ["2:8: expected '=' after a key in a key/value pair (the syntax is TOML: key"]),
        ("[" * 3000, ["1:3: "]),
        ("x" * 70_000, ["0:0: it is longer than 64 KiB"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str, said: list[str]) -> None:
    found = wrong(text)
    assert len(found) == len(said)
    assert all(each.startswith(expected) for each, expected in zip(found, said, strict=True)), found


@pytest.mark.parametrize("name", ["", "Lan", "-x", "a/b", "a b", "x" * 33, "ü"])
def test_names_that_are_none(name: str) -> None:
    (said,) = wrong(NAT, name)
    assert "cannot be the name of a network" in said


def test_a_long_name_needs_a_short_bridge() -> None:
    (said,) = wrong(NAT, "a-name-of-many-letters")
    assert said.endswith('Linux takes 15 characters (name the bridge: bridge = "...")')
    assert read(f'{NAT}bridge = "many"', "a-name-of-many-letters").bridge == "many"


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(wrong('mode = "x"\nsubnet = "y"\nvlan = 0\nbogus = 1\n[[lease]]\n[[forward]]\nport = 1\n')) == 6


VALUES = st.one_of(
    *(st.sampled_from(words) for words in (['"nat"', '"bridge"', "true", "-1", "1.5", "[]", "{}", "2020-01-01"],)),
    st.sampled_from(['"10.20.0.0/24"', '"fd00::/64"', '"::/0"', '"0.0.0.0/0"', '["10.20.0.3", "x"]', '"eth0"', "12"]),
    st.text("abc019./:-üß ", max_size=20).map('"{}"'.format),
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from((*KEYS, "nosuch", "[[lease]]\nip", "[[forward]]\nto")), VALUES), max_size=8))
def test_whatever_stands_there_is_a_network_or_complaints(pairs: list[tuple[str, str]]) -> None:
    try:
        network = read("".join(f"{key} = {value}\n" for key, value in pairs))
    except GuestFileError as error:
        said = error.complaints
    else:
        said = ()
        check(network)
    assert all(each.message and each.file == FILE for each in said)


def check(network: Network) -> None:
    assert network.mode in Mode
    for subnet in network.subnets:
        hosts = ip_network(subnet.network)
        assert subnet.host.ip in hosts
        assert not subnet.first or ip_address(subnet.first) in hosts


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(GuestFileError):
        read(text)
