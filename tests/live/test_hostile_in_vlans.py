"""A hostile guest in a VLAN, with Debian's own kernel in a guest, for that of a test machine may know of no VLANs."""

from __future__ import annotations

import json
import os

import pytest
from tests.support.debian.guest import PROMPT, debian
from tests.support.debian.sources import run_there, write_sources
from tests.support.hostile_page import VLANS, agrees, table
from tests.support.hostile_vlans import ATTEMPTS
from tests.support.live import LiveHost
from tests.support.terminal import Terminal

from xenia.model.vif import VifFilter

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.timeout(400),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may install a Debian"),
]

ABOUT = """\
A card in VLAN 12 (`vlan=12`) sends as its guest would: with tags of that VLAN, of another one (13), and with such that
only tell a priority. Others listen in VLAN 12, in VLAN 13, and on a trunk of both on which VLAN 12 has no tag
(`12p/13`), where without the filter frames in two tags would come out in VLAN 13. Told is who hears it.
"""
BRIDGES = {"br9": "On a bridge of the kernel's", "ovsbr0": "On a bridge of Open vSwitch"}
Found = dict[VifFilter, dict[str, list[str]]]
"""What was tried at each level, and who has heard it."""

PROGRAM = "tests/support/debian/inside_hostile.py"
NEEDED = ("tests/support/frames.py", "tests/support/hostile_vlans.py", PROGRAM)


@pytest.mark.full  # a minute
def test_what_a_hostile_guest_tries_in_a_vlan(host: LiveHost) -> None:
    host.images.mkdir(parents=True, exist_ok=True)
    disk = host.images / "sources.tar"
    write_sources(disk, *NEEDED)
    debian(host, "nftables", "openvswitch-switch", "python3", disks=f"'file:{disk},xvdb,r'")
    found: dict[str, Found] = {}
    with Terminal(host.command("create", "-c", "debian"), host.environment) as screen:
        screen.sees(PROMPT)
        screen.types(run_there(PROGRAM))
        screen.sees("ended $?.")
        for bridge in BRIDGES:
            found[bridge] = {}
            for level in VifFilter:
                shown = screen.sees(f"heard {bridge} {level} ")
                found[bridge][level] = json.loads(screen.sees("\r\n"))
        shown = screen.sees("ended ")
        assert screen.sees(".") == "0", shown
    host.ok("destroy", "debian")
    host.nothing_left()
    agrees(VLANS, ABOUT + "".join(f"\n{BRIDGES[bridge]}:\n\n{told(found[bridge])}" for bridge in BRIDGES))


def told(found: Found) -> str:
    """The table of one bridge, once nothing has left the VLAN."""
    rows = []
    for each in ATTEMPTS:
        heard = [set(found[level][each.what]) for level in VifFilter]
        assert not any(at & {"other", "trunk as other"} for at in heard), (each.what, heard)
        rows.append([each.what, *("its VLAN" if at else "nobody" for at in heard)])
    assert rows[0][1:] == ["its VLAN"] * len(VifFilter)
    return table(["a guest", *(f"`{level}`" for level in VifFilter)], rows)
