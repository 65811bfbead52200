"""xend killed at random moments while domains are made, changed and ended on a real Xen.

XENIA_XEN_KILLS says how many kills; XENIA_SEED begins another series.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from tests.engines.qemu import sectors
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.recipe import GUESTS
from tests.live.xenlab.traces import by_xl, by_xm, nothing_left, of_guests
from tests.support.live import Said, until

pytestmark = pytest.mark.xen

KILLS = int(os.environ.get("XENIA_XEN_KILLS", "6"))
MANY = int(os.environ.get("XENIA_XEN_KILLS", "60"))
SEED = int(os.environ.get("XENIA_SEED", "1"))

LONGEST = {"create": 4.0, "reset": 4.0, "destroy": 2.5, "pause": 1.5, "unpause": 1.5, "reboot": 1.5, "shutdown": 1.5}
"""Seconds from the request to the kill, at most. A request itself takes most of a second: xm is started for it."""

DISK = "/var/lib/xen/kill.img"

FILES = {
    "sector": f"builder = 'hvm'\nmemory = 16\nserial = 'pty'\ndisk = ['file:{DISK},hda,w']\n",
    "linux": f"kernel = '{GUESTS}/vmlinux'\nmemory = 128\nextra = 'console=hvc0 quiet'\nvif = ['bridge=xenbr0']\n",
}

RESET = """\
tty=$(xenstore-read "/local/domain/$(xl domid "$1")/serial/0/tty")
printf r >"$tty"
"""
"""The boot sector obeys: it starts over, which is for xend to do on Xen."""


@dataclass
class Series:
    """One host and the kills of its xend. `there` are the domains that were promised; None: there may be one or not."""

    host: XenHost
    random: random.Random
    there: dict[str, bool | None] = field(default_factory=lambda: dict.fromkeys(FILES, False))
    seen: Counter[str] = field(default_factory=Counter)

    def define(self) -> None:
        self.host.put(DISK, sectors.obedient())
        for name, text in FILES.items():
            self.host.put(f"/etc/xen/{name}.cfg", f"name = '{name}'\n{text}".encode())

    def kill(self) -> None:
        """Ask for something, kill xend in the midst of it, and start another one."""
        name = self.random.choice(sorted(FILES))
        verb = self._verb(name)
        with ThreadPoolExecutor() as pool:
            answer = pool.submit(self._ask, verb, name)
            time.sleep(self.random.uniform(0.1, LONGEST[verb]))  # the random moment itself
            self.host.stop_xend(signal.SIGKILL)
            self.host.start_xend()
            said = answer.result()
        self.seen[f"{verb} {name}: {'done' if said.code == 0 else 'cut off'}"] += 1
        if verb in ("create", "destroy"):
            self.there[name] = verb == "create" if said.code == 0 else None

    def _verb(self, name: str) -> str:
        if not self.there[name]:
            return "create"
        # A Linux that has not booted yet hears no wish, and the boot sector only what it is told on its serial port.
        return self.random.choice(("destroy", "pause", "reboot", "shutdown") + ("reset", "reset") * (name == "sector"))

    def _ask(self, verb: str, name: str) -> Said:
        return self.host.sh(RESET, name) if verb == "reset" else self.host.xm(verb, name)

    def check(self) -> None:
        """xm and xl show the same domains, with all that were promised and nothing half-made."""
        try:
            until(self._agrees, "xm and xl show the same", 40, every=0.3)
        except AssertionError:
            raise AssertionError(self._account()) from None
        ids = by_xl(self.host)
        for name, promised in self.there.items():
            assert promised is None or (name in ids) is promised, self._account()
            self.there[name] = name in ids

    def _agrees(self) -> bool:
        ids, found = by_xl(self.host), of_guests(self.host)
        folders = [line for line in found if line.startswith("/run/xenia/")]
        numbers = {int(match[1]) for line in found if (match := _ID.match(line))}
        starting = [line for line in found if "xl create" in line]
        return ids == by_xm(self.host) and numbers == set(ids.values()) and len(folders) == len(ids) and not starting

    def _account(self) -> str:
        log = self.host.ok("tail", "-n", "30", "/var/log/xenia/xend.out")
        found = "\n".join(of_guests(self.host))
        return f"{self.there=} {by_xl(self.host)=} {by_xm(self.host)=} {self.seen=}\n{found}\n{log}"


_ID = re.compile(
    r"(?:/local/domain/|/libxl/|/local/domain/0/(?:backend/[^/]+|device-model)/|\S*qemu\S* -xen-domid )([1-9]\d*)\b"
)


def run(host: XenHost, kills: int, seed: int) -> None:
    series = Series(host, random.Random(seed))  # noqa: S311 (a series that can be had again)
    series.define()
    host.start_xend()
    for _ in range(kills):
        series.kill()
        series.check()
    print(
        f"\n{kills} kills, seed {seed}:",
        *(f"{what} {count}" for what, count in sorted(series.seen.items())),
        sep="\n  ",
    )
    for name in by_xl(host):
        said = host.xm("destroy", name)
        assert said.code == 0, said
    nothing_left(host)
    host.stop_xend()


@pytest.mark.timeout(120 + 60 * KILLS)
def test_no_kill_of_xend_loses_doubles_or_leaks_a_domain(xen_host: XenHost) -> None:
    run(xen_host, KILLS, SEED)


@pytest.mark.full
@pytest.mark.timeout(120 + 60 * MANY)
def test_nor_do_many_kills(xen_host: XenHost) -> None:
    run(xen_host, MANY, SEED + 1)
