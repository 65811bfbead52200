"""The scripts that xl runs for disks and cards, with Xen's own tools and real interfaces in a network of their own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.xenstored import Xenstored

from xenia.engines.xen.settings import XenSettings

SCRIPTS = XenSettings(Path("/run")).hotplug
VBD, VIF = "/local/domain/0/backend/vbd/5/51712", "/local/domain/0/backend/vif/5/0"
OWN_SYSFS = 'mount -t sysfs sysfs /sys && exec "$@"'
"""/sys shows the interfaces of the network namespace that it was mounted in."""

Ip = Callable[..., str]


class Host:
    """Runs a script as xl does; `folders` are looked for programs first."""

    folders = ""

    def __init__(self, xenstored: Xenstored) -> None:
        self._xenstored = xenstored

    def writes(self, folder: str, **values: str) -> None:
        for key, value in values.items():
            self._xenstored.tool("xenstore-write", f"{folder}/{key}", value)

    def told(self, folder: str) -> dict[str, str]:
        names = self._xenstored.tool("xenstore-list", folder).split()
        return {name: self._xenstored.tool("xenstore-read", f"{folder}/{name}")[:-1] for name in names}

    def vbd(self, action: str) -> subprocess.CompletedProcess[str]:
        return self._run([os.fspath(SCRIPTS / "vbd"), action], {"XENBUS_PATH": VBD})

    def vif(self, action: str, kind: str = "vif") -> subprocess.CompletedProcess[str]:
        words = ["unshare", "--mount", "sh", "-c", OWN_SYSFS, "sh", os.fspath(SCRIPTS / "vif"), action]
        return self._run([*words, f"type_if={kind}"], {"XENBUS_PATH": VIF, "vif": "vif5.0", "INTERFACE": "vif5.0-emu"})

    def _run(self, words: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{self.folders}{os.environ['PATH']}", **self._xenstored.variables, **variables}
        return subprocess.run(words, env=environment, check=False, capture_output=True, text=True)


@pytest.fixture
def host(xenstored: Xenstored) -> Host:
    return Host(xenstored)


@pytest.fixture
def network(host: Host, ip: Ip) -> Callable[[], dict[str, Any]]:
    """A bridge, and the two interfaces of a card of domain 5; gives all links by name."""
    ip("link", "add", "name", "lan", "mtu", "1400", "type", "bridge")
    for name in ("vif5.0", "vif5.0-emu"):
        ip("tuntap", "add", name, "mode", "tap")
    host.writes(VIF, bridge="lan", mac="00:16:3e:00:00:01", script="/x/vif", type="vif", handle="0", state="2")
    return lambda: {link["ifname"]: link for link in json.loads(ip("-j", "-d", "link", "show"))}


Network = Callable[[], dict[str, Any]]


def test_a_card_becomes_a_port_of_its_bridge(host: Host, network: Network) -> None:
    done = host.vif("online")
    assert (done.returncode, done.stderr) == (0, "")
    link = network()["vif5.0"]
    assert (link["master"], link["address"], link["mtu"]) == ("lan", "fe:ff:ff:ff:ff:ff", 1400)
    assert "UP" in link["flags"]
    assert host.told(VIF)["hotplug-status"] == "connected"
    assert "hotplug-error" not in host.told(VIF)
    assert "master" not in network()["vif5.0-emu"]


def test_the_host_does_not_speak_on_a_guests_wire(host: Host, network: Network) -> None:
    host.vif("online")
    disabled = Path("/proc/sys/net/ipv6/conf/vif5.0/disable_ipv6")
    assert not disabled.exists() or disabled.read_text().strip() == "1"


def test_the_tap_of_an_emulated_card_joins_it_without_a_word_to_xenstore(host: Host, network: Network) -> None:
    assert host.vif("add", "tap").returncode == 0
    link = network()["vif5.0-emu"]
    assert (link["master"], link["mtu"]) == ("lan", 1400)
    assert "hotplug-status" not in host.told(VIF)


def test_a_card_is_called_as_the_guest_file_wishes(host: Host, network: Network) -> None:
    host.writes(VIF, vifname="mail0")
    assert host.vif("online").returncode == 0
    assert host.vif("add", "tap").returncode == 0
    links = network()
    assert {name: links[name]["master"] for name in ("mail0", "mail0-emu")} == {"mail0": "lan", "mail0-emu": "lan"}
    assert not {"vif5.0", "vif5.0-emu"} & set(links)


def test_a_name_that_is_taken_is_an_error(host: Host, network: Network) -> None:
    host.writes(VIF, vifname="lo")
    assert host.vif("online").returncode == 1
    assert host.told(VIF)["hotplug-error"] == "vif5.0 cannot be called lo"
    assert "master" not in network()["vif5.0"]


@pytest.mark.parametrize(
    ("bridge", "error"),
    [
        ("wan", "there is no bridge 'wan'"),
        ("lo", "vif5.0 cannot become a port of the bridge 'lo'"),
    ],
)
def test_what_is_no_bridge_is_an_error(host: Host, network: Network, bridge: str, error: str) -> None:
    host.writes(VIF, bridge=bridge)
    done = host.vif("online")
    assert done.returncode == 1
    assert error in done.stderr
    told = host.told(VIF)
    assert (told["hotplug-error"], "hotplug-status" in told) == (error, False)
    assert "master" not in network()["vif5.0"]


def test_a_card_without_a_bridge_is_a_port_of_nothing(host: Host, network: Network) -> None:
    host.writes(VIF, bridge="")
    assert host.vif("online").returncode == 0
    link = network()["vif5.0"]
    assert ("master" in link, link["address"], "UP" in link["flags"]) == (False, "fe:ff:ff:ff:ff:ff", True)
    assert host.told(VIF)["hotplug-status"] == "connected"


@pytest.mark.parametrize("code", [0, 1])
def test_a_card_becomes_a_port_of_open_vswitch(host: Host, network: Network, ip: Ip, tmp_path: Path, code: int) -> None:
    """Asked of a program in the place of ovs-vsctl."""
    program = tmp_path / "ovs-vsctl"
    program.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/asked\nexit {code}\n')
    program.chmod(0o755)
    host.folders = f"{tmp_path}:"
    ip("tuntap", "add", "ovsbr0", "mode", "tap")
    host.writes(VIF, bridge="ovsbr0")
    assert host.vif("online").returncode == code
    assert "-- --if-exists del-port vif5.0 -- add-port ovsbr0 vif5.0 -- set" in (tmp_path / "asked").read_text()
    told = host.told(VIF)
    assert ("hotplug-status" in told, "hotplug-error" in told) == (code == 0, code == 1)
    assert ("UP" in network()["vif5.0"]["flags"]) == (code == 0)


def test_without_any_word_of_a_bridge_it_is_an_error(host: Host, network: Network, xenstored: Xenstored) -> None:
    xenstored.tool("xenstore-rm", f"{VIF}/bridge")
    assert host.vif("online").returncode == 1
    assert host.told(VIF)["hotplug-error"] == "there is no bridge ''"


@pytest.mark.parametrize(("action", "kind"), [("offline", "vif"), ("remove", "tap"), ("move", "tap")])
def test_the_end_of_a_card_needs_nothing_done(host: Host, network: Network, action: str, kind: str) -> None:
    before, told = network(), host.told(VIF)
    done = host.vif(action, kind)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (network(), host.told(VIF)) == (before, told)


def test_a_disk_is_told_by_the_numbers_of_its_device(host: Host, disk: str) -> None:
    host.writes(VBD, params=disk, mode="w", type="phy")
    done = host.vbd("add")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    numbers = Path(disk).stat().st_rdev
    told = host.told(VBD)
    assert told["physical-device"] == f"{os.major(numbers):x}:{os.minor(numbers):x}"
    assert told["physical-device-path"] == disk
    assert "hotplug-error" not in told


def test_a_disk_is_found_behind_a_link_of_any_name(host: Host, disk: str, tmp_path: Path) -> None:
    link = tmp_path / "a b'$c"
    link.symlink_to(disk)
    host.writes(VBD, params=str(link))
    assert host.vbd("add").returncode == 0
    assert host.told(VBD)["physical-device"].startswith("7:")


def test_a_disk_that_is_not_there_is_an_error(host: Host) -> None:
    host.writes(VBD, params="/dev/not-there")
    assert host.vbd("add").returncode == 1
    told = host.told(VBD)
    assert told["hotplug-error"] == "the block device /dev/not-there cannot be used"
    assert "physical-device" not in told


def test_a_file_is_no_block_device(host: Host, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    host.writes(VBD, params=str(tmp_path / "file"))
    assert host.vbd("add").returncode == 1
    assert "cannot be used" in host.told(VBD)["hotplug-error"]


def test_the_end_of_a_disk_needs_nothing_done(host: Host) -> None:
    host.writes(VBD, params="/dev/not-there")
    assert host.vbd("remove").returncode == 0
    assert host.told(VBD) == {"params": "/dev/not-there"}
