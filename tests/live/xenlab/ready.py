"""A Xen host with this checkout's xm and xend, and a xend that runs, frozen: every host is started from there.

Under emulation it takes 25 seconds until a xend is imported and ready.
"""

from __future__ import annotations

import hashlib
import time

from tests.live.xenlab import snapshot, wheel
from tests.live.xenlab.domain0 import Dom0
from tests.live.xenlab.image import Image
from tests.live.xenlab.line import Line
from tests.live.xenlab.machine import Machine
from tests.live.xenlab.recipe import AGENT_PORT, CHECKOUT, DOM0, SITE
from tests.live.xenlab.snapshot import Snapshot

_LAB = "/opt/xenia/lab"


def key() -> str:
    """Names the snapshots of what this checkout is now."""
    digest = hashlib.sha256(snapshot.key().encode())
    lab = [CHECKOUT / f"tests/live/xenlab/{name}.py" for name in ("ready", "wheel", "domain0")]
    for file in sorted([CHECKOUT / "pyproject.toml", *lab, *DOM0.iterdir(), *(CHECKOUT / "src").rglob("*")]):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(str(file.relative_to(CHECKOUT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def take(image: Image, booted: Snapshot, target: Snapshot) -> None:
    """Bring the host as it has booted to where tests begin, and freeze it; takes half a minute. Raises LabError."""
    machine = Machine(image, target.folder, (str(booted.disk), "qcow2"), frozen=True)
    try:
        machine.load(booted.state)
        set_up(Dom0(Line(machine.monitor.forwarded(AGENT_PORT))))
        target.freeze(machine, f"../{booted.folder.name}/{booted.disk.name}", "qcow2")
    except BaseException:
        machine.end()
        raise


def set_up(dom0: Dom0) -> None:
    dom0.ok("date", "-s", f"@{int(time.time())}")
    dom0.ok("tar", "-x", "-C", "/", stdin=wheel.programs())
    if not wheel.compiles_for_dom0():
        dom0.ok("python3", "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash", SITE)
    for name in ("person.py", "warm.py"):
        dom0.put(f"{_LAB}/{name}", (DOM0 / name).read_bytes(), 0o755)
    for program, modules in wheel.WARM.items():
        dom0.start_daemon(f"{_LAB}/warm.py", program, *modules)
    dom0.start_xend()
