"""A script of the administrator's that connects a card: run at its start and its end, whoever dies meanwhile; and what
it cannot do is refused, with nothing left.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.support.live import LiveHost, until
from tests.support.wire import Wire

pytestmark = [pytest.mark.qemu, pytest.mark.skipif(os.geteuid() != 0, reason="only root may make networks")]

OWN = """\
#!/bin/sh
echo "$1 $2 $vif $bridge $ip $mac" >>{log}
[ "$1" != online ] || ip link set "$vif" master "$bridge" up
"""
CARD = "script=vif-own, bridge=own, ip=192.0.2.77, mac=00:16:3e:00:00:01"
ONLINE = "online type_if=vif vif{}.0 own 192.0.2.77 00:16:3e:00:00:01"
OFFLINE = ONLINE.replace("online", "offline")


@pytest.fixture
def log(stopped_host: LiveHost, wire: Wire) -> Path:
    """What the script has written."""
    host = stopped_host
    folder, log = host.root / "scripts", host.root / "log"
    folder.mkdir(mode=0o755)
    (folder / "vif-own").write_text(OWN.format(log=log))
    (folder / "vif-own").chmod(0o755)
    (folder / "vif-broken").write_text(f"#!/bin/sh\necho $1 $vif >>{log}\necho 'no such switch' >&2\nexit 4\n")
    (folder / "vif-broken").chmod(0o755)
    host.setting(f'accelerator = "tcg"\nvif_scripts = ["{folder}"]\n')
    host.inside = ["ip", "netns", "exec", wire.host]
    wire.ip(wire.host, "link add own type bridge")
    host.start()
    host.linux()
    return log


def test_a_script_connects_a_card_until_its_end(stopped_host: LiveHost, wire: Wire, log: Path) -> None:
    host = stopped_host
    host.ok("create", "-q", "demo", f"vif=['{CARD}']")
    assert log.read_text().splitlines() == [ONLINE.format(1)]
    assert "vif1.0" in wire.run(wire.host, "ip", "-br", "link", "show", "master", "own")
    assert "192.0.2.77" in wire.run(wire.host, "nft", "list", "chain", "netdev", "xenia", "vif1.0")
    host.ok("network-attach", "demo", "script=vif-own", "bridge=own", "mac=00:16:3e:00:00:02", "--no-wait")
    host.ok("destroy", "demo")
    assert log.read_text().splitlines() == [
        ONLINE.format(1),
        "online type_if=vif vif1.1 own  00:16:3e:00:00:02",
        OFFLINE.format(1),
        "offline type_if=vif vif1.1 own  00:16:3e:00:00:02",
    ]
    host.nothing_left()


def test_a_guest_that_ended_while_no_xend_ran_has_its_script_run(stopped_host: LiveHost, log: Path) -> None:
    host = stopped_host
    host.ok("create", "-q", "demo", f"vif=['{CARD}']", "on_crash='destroy'")
    host.stop()
    (qemus,) = host.guests().values()
    for qemu in qemus:
        os.kill(qemu, 9)
    host.start()
    until(lambda: OFFLINE.format(1) in log.read_text(), "the end of the card is told")
    host.nothing_left()


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("script=vif-broken", "vif-broken online failed (4): no such switch"),
        ("script=/bin/true", "lies in none of the folders"),
        ("script=../scripts/vif-own", "neither the name of a script nor an absolute path"),
        ("script=vif-missing", "there is no script vif-missing for cards"),
    ],
)
def test_a_script_that_fails_or_is_none_refuses(
    stopped_host: LiveHost, wire: Wire, log: Path, card: str, said: str
) -> None:
    host = stopped_host
    before = wire.look()
    refused = host.xm("create", "-q", "demo", f"vif=['{card}']")
    assert refused.code != 0
    assert said in refused.err
    broken = "broken" in card
    assert log.exists() == broken
    if broken:
        assert log.read_text() == "online vif1.0\noffline vif1.0\n"
    host.nothing_left()
    until(lambda: wire.look() == before, "the host is as it was")
