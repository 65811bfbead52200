from __future__ import annotations

from pathlib import Path

from xenia.model.network import Lease, Network
from xenia.network.definition import read_network
from xenia.network.dnsmasq_config import ServiceFiles, config_for, hosts_for
from xenia.network.leases import read_leases

FILES = ServiceFiles("/run/lan/dnsmasq.conf", "/run/lan/hosts", "/var/lan.leases")


def network(text: str) -> Network:
    return read_network("lan", text, "lan.toml")


def lines(text: str) -> list[str]:
    return config_for(network(text), FILES, 7).splitlines()


def test_guests_of_a_nat_network_get_addresses_names_and_a_router() -> None:
    found = lines(
        'mode = "nat"\nbridge = "br7"\nsubnet = "10.20.0.0/24"\nsubnet6 = "fd00::/64"\ndomain = "lab"\nmtu = 1400'
    )
    assert found[0].startswith("# Made by xend for the network 'lan' (interface 7)")
    for line in (
        *("interface=br7", "bind-interfaces", "dhcp-ignore-names", "domain=lab", "local=/lab/"),
        *("dhcp-range=10.20.0.2,10.20.0.254,255.255.255.0,1h", "dhcp-option=option:mtu,1400"),
        *("enable-ra", "dhcp-range=fd00::1000,fd00::1fff,slaac,ra-names,64,1h", "ra-param=br7,mtu:1400,0"),
    ):
        assert line in found
    assert "no-resolv" not in found


def test_guests_of_an_isolated_network_get_no_way_out() -> None:
    found = lines('mode = "isolated"\nsubnet = "10.20.0.0/24"\nsubnet6 = "fd00::/64"')
    assert {"no-resolv", "dhcp-option=option:router", "ra-param=lan,0,0"} <= set(found)


def test_without_dhcp_only_fixed_leases_are_given() -> None:
    text = 'mode = "nat"\nsubnet = "10.20.0.0/24"\nsubnet6 = "fd00::/64"\ndhcp = false\n'
    assert not any(line.startswith(("dhcp-range", "enable-ra")) for line in lines(text))
    lease = '[[lease]]\nmac = "00:16:3e:00:00:01"\nip = "10.20.0.5"'
    assert "dhcp-range=10.20.0.0,static,255.255.255.0,1h" in lines(text + lease)


def test_a_prefix_that_is_none_for_slaac_has_dhcp_only() -> None:
    found = lines('mode = "nat"\nsubnet6 = "fd00::/112"')
    assert "dhcp-range=fd00::1000,fd00::1fff,112,1h" in found


def test_names_are_those_of_domains_unless_a_lease_has_one() -> None:
    text = 'mode = "nat"\nsubnet = "10.20.0.0/24"\nsubnet6 = "fd00::/64"\n'
    for last, ip, name in (("1", "10.20.0.5", ""), ("1", "fd00::5", ""), ("2", "10.20.0.6", "db")):
        text += f'[[lease]]\nmac = "00:16:3e:00:00:0{last}"\nip = "{ip}"\nname = "{name}"\n'
    names = {
        "00:16:3e:00:00:01": "Web",
        "00:16:3e:00:00:02": "mysql",
        "00:16:3e:00:00:03": "web",
        "00:16:3e:00:00:04": "db",
        "00:16:3e:00:00:05": "no_name,evil",
        "00:16:3e:00:00:06": "last",
    }
    assert hosts_for(network(text), names, {}) == (
        "00:16:3e:00:00:01,10.20.0.5,[fd00::5],web\n00:16:3e:00:00:02,10.20.0.6,db\n00:16:3e:00:00:06,last\n"
    )


def test_leases_are_read_whatever_stands_there(tmp_path: Path) -> None:
    assert read_leases(str(tmp_path / "none")) == ()
    file = tmp_path / "leases"
    file.write_bytes(
        b"1700000000 00:16:3e:00:00:01 10.20.0.5 web 01:00:16:3e:00:00:01\n"
        b"0 00:16:3e:00:00:02 10.20.0.6 * *\n"
        b"half a line\n\xff\xfe\n"
        b"duid 00:01:00:01:2c:00:00:00:02:00:00:00:00:01\n"
        b"1700000001 33554431 fd00::1000 web 00:01:00:01:2c:00:00:00:00:16:3e:00:00:01\n"
        b"1700000002 7 fd00::1001 * 00:04:aa:bb\n"
    )
    assert read_leases(str(file)) == (
        Lease("10.20.0.5", "00:16:3e:00:00:01", "web", 1700000000.0),
        Lease("10.20.0.6", "00:16:3e:00:00:02"),
        Lease("fd00::1000", "00:16:3e:00:00:01", "web", 1700000001.0),
        Lease("fd00::1001", "", "", 1700000002.0),
    )
