"""Which interfaces are refused as the card of the bridge, and what is said of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from tests.network.uplink.wire import CARD, Wire

from xenia.model.errors import ErrorKind
from xenia.network.uplink.link import Link
from xenia.network.uplink.owner import owner_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may make bridges")


@pytest.mark.parametrize(
    ("made", "card", "kind", "message", "hint"),
    [
        ([], "eth9", ErrorKind.NOT_FOUND, "there is no interface 'eth9'", f"cards here: {CARD}"),
        ([], "lo", ErrorKind.INVALID, "'lo' is the loopback", f"cards here: {CARD}"),
        ([], "e" * 16, ErrorKind.INVALID, "longer than 15 characters", "shorter"),
        (["link add lan type bridge"], "lan", ErrorKind.INVALID, "is a bridge itself", 'default_bridge = "lan"'),
        (
            ["link add lan type bridge", f"link set {CARD} master lan"],
            CARD,
            ErrorKind.CONFLICT,
            "is a port of the bridge 'lan' already",
            'default_bridge = "lan"',
        ),
        (
            [f"link add link {CARD} name upon type macvlan"],
            CARD,
            ErrorKind.CONFLICT,
            "has the macvlan 'upon' upon it",
            "ip link delete upon",
        ),
        ([f"link add link {CARD} name upon type macvlan"], "upon", ErrorKind.INVALID, "but a macvlan", "cards here"),
        (["tuntap add tun7 mode tun"], "tun7", ErrorKind.INVALID, "is no Ethernet card but a tun", "cards here"),
        (
            ["link add xenbr0 type veth peer name other"],
            CARD,
            ErrorKind.CONFLICT,
            "the interface 'xenbr0' exists already",
            "ip -d link show",
        ),
        (
            ["nexthop add id 7 via 10.0.0.1 dev eth7", "route add 10.6.0.0/16 nhid 7"],
            CARD,
            ErrorKind.CONFLICT,
            "use nexthop objects",
            "make the bridge yourself",
        ),
    ],
)
def test_what_cannot_be_taken_is_refused_before_anything_changes(
    host: Wire, made: list[str], card: str, kind: ErrorKind, message: str, hint: str
) -> None:
    for words in made:
        host.ip(words)
    before, links = host.shown(), set(host.links())
    watchdog = host.take(card=card)
    problem = watchdog.says()["problem"]
    watchdog.ends()
    assert (problem["kind"], message in problem["message"]) == (kind.value, True), problem
    assert hint in problem["hint"]
    assert (host.shown(), set(host.links())) == (before, links)
    assert not host.place.record.exists()


_WAIT = "import signal; signal.pause()"


def test_a_card_of_a_dhcp_client_is_refused(host: Wire) -> None:
    client = os.spawnv(os.P_NOWAIT, sys.executable, ["dhclient", "-c", _WAIT, CARD])  # noqa: S606
    try:
        watchdog = host.take()
        problem = watchdog.says()["problem"]
        watchdog.ends()
    finally:
        os.kill(client, 9)
        os.waitpid(client, 0)
    assert problem["message"].startswith(f"'{CARD}' is managed by dhclient (process {client})")
    assert "/etc/network/interfaces make the bridge 'xenbr0' over" in problem["hint"]


@pytest.fixture
def link() -> Link:
    return Link(2, "eth0", "52:54:00:00:00:01", 1500, True, False, True, True, True, "", 0, "", 0, ())


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A /proc in which the first process is in this network namespace."""
    for name in ("1", "self"):
        (tmp_path / "proc" / name / "ns").mkdir(parents=True)
        (tmp_path / "proc" / name / "ns/net").symlink_to("net:[1]")
        (tmp_path / "proc" / name / "cmdline").write_bytes(b"/sbin/init\0")
    return tmp_path / "proc"


@pytest.mark.parametrize(
    ("words", "namespace", "owned"),
    [
        (b"/sbin/dhclient\0-4\0-pf\0/run/dhclient.eth0.pid\0eth0\0", "net:[1]", True),
        (b"/sbin/dhclient\0eth1\0", "net:[1]", False),
        (b"/sbin/dhclient\0eth0\0", "net:[2]", False),
        (b"dhcpcd: eth0 [ip4]\0", "net:[1]", True),
        (b"/usr/sbin/dhcpcd\0-b\0", "net:[1]", True),
        (b"udhcpc\0-i\0eth0\0", "net:[1]", True),
        (b"vi\0dhclient\0eth0\0", "net:[1]", False),
        (b"", "net:[1]", False),
        (b"\xff\0eth0\0", "net:[1]", False),
    ],
)
def test_dhcp_clients_are_known_by_their_words(
    link: Link, proc: Path, tmp_path: Path, words: bytes, namespace: str, owned: bool
) -> None:
    (proc / "77/ns").mkdir(parents=True)
    (proc / "77/ns/net").symlink_to(namespace)
    (proc / "77/cmdline").write_bytes(words)
    assert (owner_of(link, proc, tmp_path / "run") is not None) is owned


@pytest.mark.parametrize(
    ("file", "content", "owner"),
    [
        ("systemd/netif/links/2", "ADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/a.network\n", "systemd-n"),
        ("systemd/netif/links/2", "ADMIN_STATE=unmanaged\n", None),
        ("systemd/netif/links/3", "ADMIN_STATE=configured\n", None),
        ("NetworkManager/devices/2", "[device]\nmanaged=true\nconnection-uuid=7d\n", "NetworkManager"),
        ("NetworkManager/devices/2", "[device]\nmanaged=false\nconnection-uuid=7d\n", None),
        ("NetworkManager/devices/2", "[device]\nmanaged=true\n", None),
        ("NetworkManager/devices/2", "\udcff=\n\n===", None),
    ],
)
def test_managers_are_known_by_what_they_tell_of_the_card(
    link: Link, proc: Path, tmp_path: Path, file: str, content: str, owner: str | None
) -> None:
    told = tmp_path / "run" / file
    told.parent.mkdir(parents=True)
    told.write_bytes(content.encode(errors="surrogateescape"))
    found = owner_of(link, proc, tmp_path / "run")
    assert (found is not None) is (owner is not None)
    if found is not None and owner is not None:
        assert found.name.startswith(owner)
        assert found.refusal("eth0", "xenbr0").message.startswith("'eth0' is managed by")


def test_managers_of_the_host_have_no_say_in_another_network_namespace(link: Link, proc: Path, tmp_path: Path) -> None:
    (proc / "self/ns/net").unlink()
    (proc / "self/ns/net").symlink_to("net:[2]")
    told = tmp_path / "run/systemd/netif/links/2"
    told.parent.mkdir(parents=True)
    told.write_text("ADMIN_STATE=configured\n")
    assert owner_of(link, proc, tmp_path / "run") is None
