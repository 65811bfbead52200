"""Bridges of Open vSwitch on this host: finding them, making an interface a port of one, and forgetting it.

Unlike the kernel's bridges, Open vSwitch keeps in a database which ports a bridge has: a port whose interface is gone
stays there until it is taken out. Calls block for the 10 to 30 ms that ovs-vsctl takes, so that nothing comes between
looking whether an interface is there and what follows. They work in the network namespace of Open vSwitch.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from xenia.lib.program import ENVIRONMENT
from xenia.model.vlan import Vlans
from xenia.network.interface import exists

_DATABASE = Path("/run/openvswitch/db.sock")
_SECONDS = 5
_TRANSIENT = "other_config:transient=true"
"""Open vSwitch drops such a port when it starts: after a reboot there is none of ours (man ovs-vswitchd.conf.db)."""


def switches() -> list[str]:
    """The names of its bridges, sorted; none where it does not run."""
    try:
        return sorted(name for name in _ask("list-br").split() if exists(name))
    except OSError:
        return []


def add_port(bridge: str, interface: str, vlans: Vlans | None = None) -> None:
    """Make `interface` a port of `bridge`, in these VLANs, whatever is in the database of an earlier one of its name.
    Raises OSError with Open vSwitch's own words.
    """
    _ask(
        *("--if-exists", "del-port", interface),
        *("--", "add-port", bridge, interface),
        *("--", "set", "port", interface, _TRANSIENT, *(_words(vlans) if vlans is not None else ())),
    )


def set_vlans(port: str, vlans: Vlans) -> None:
    """Have a port be in these VLANs, and in no others. Raises OSError as `add_port`."""
    _ask("set", "port", port, *_words(vlans))


def _words(vlans: Vlans) -> list[str]:
    """An access port has no others; a trunk without a native VLAN takes no frames without a tag."""
    words = [f"tag={vlans.native}"] if vlans.native else []
    mode = "access"
    if vlans.tagged:
        words.append(f"trunks={','.join(map(str, vlans.tagged))}")
        mode = "native-untagged" if vlans.native else "trunk"
    return [*words, f"vlan_mode={mode}"]


def forget_ports(interfaces: Sequence[str]) -> None:
    """Take those out of the database that are gone. Silent about what is not in it. Raises OSError."""
    gone = [word for name in interfaces if not exists(name) for word in ("--", "--if-exists", "del-port", name)]
    if gone and _DATABASE.exists():
        _ask("--no-wait", *gone)


def _ask(*words: str) -> str:
    """What ovs-vsctl prints. Raises OSError."""
    if not _DATABASE.exists():
        raise FileNotFoundError(0, "Open vSwitch does not run")
    done = subprocess.run(
        ["ovs-vsctl", f"--timeout={_SECONDS}", *words],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise OSError(0, done.stderr.strip().removeprefix("ovs-vsctl: ") or "ovs-vsctl was ended")
    return done.stdout
