"""xend killed at random moments while domains are made, changed and ended on a real Xen: once in each verb on a PV
guest, then many times, and on an HVM guest as well. All of it takes --full.

XENIA_XEN_KILLS says how many kills these are; XENIA_SEED begins another series.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from tests.live.xenlab.guests import marker
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.recipe import GUESTS
from tests.live.xenlab.traces import by_xl, by_xm, nothing_left, of_guests
from tests.support.live import until

pytestmark = pytest.mark.xen

MANY = int(os.environ.get("XENIA_XEN_KILLS", "60"))
SEED = int(os.environ.get("XENIA_SEED", "1"))

LONGEST = {"create": 3.0, "destroy": 2.0, "pause": 0.6, "reboot": 6.0, "shutdown": 0.6} | {
    f"{kind}-{way}": 1.5 for kind in ("block", "network") for way in ("attach", "detach")
}
"""Seconds from the request to the kill, at most."""

DEVICES = {
    "block-attach": ("file:/root/{}.img,xvdf,w",),
    "block-detach": ("xvdf",),
    "network-attach": ("mac=00:16:3e:00:00:0f",),
    "network-detach": ("00:16:3e:00:00:0f",),
}
"""The words behind the domain's name."""

FILES = {
    "sector": f"builder = 'hvm'\nmemory = 16\nserial = 'pty'\ndisk = ['file:{GUESTS}/counting.img,hda,w']\n",
    "linux": (
        f"kernel = '{GUESTS}/vmlinux'\nramdisk = '{GUESTS}/ramdisk'\nmemory = 128\n"
        "extra = 'console=hvc0 quiet xenia.guest=linux'\nvif = ['bridge=xenbr0']\n"
    ),
}


@dataclass
class Series:
    """One host and the kills of its xend. `there` are the domains that were promised; None: there may be one or not."""

    host: XenHost
    random: random.Random
    there: dict[str, bool | None]
    deck: list[str] = field(default_factory=list)
    """The verbs to come: all of them in each round."""
    seen: Counter[str] = field(default_factory=Counter)

    def define(self) -> None:
        for name in self.there:
            self.host.put(f"/etc/xen/{name}.cfg", f"name = '{name}'\n{FILES[name]}".encode())
            self.host.ok("truncate", "--size=1M", f"/root/{name}.img")

    def kill(self) -> None:
        """Ask for something, kill xend in the midst of it, and start another one."""
        if not self.deck:
            self.deck = self.random.sample(sorted(LONGEST), len(LONGEST))
        verb = self.deck.pop()
        name = "linux" if verb == "reboot" else self.random.choice(sorted(self.there))
        if verb == "reboot":
            self._provide(name, there=False)
            self.host.ok("rm", "-f", f"/var/log/xen/guest-{name}.log")
        self._provide(name, there=verb != "create")
        if verb == "reboot":
            self.host.hears(name, marker(name))
        with ThreadPoolExecutor() as pool:
            more = [word.format(name) for word in DEVICES.get(verb, ())]
            answer = pool.submit(self.host.xm, verb, *(["--live"] if more else []), name, *more)
            time.sleep(self.random.uniform(0.1, LONGEST[verb]))  # the random moment itself
            self.host.stop_xend(signal.SIGKILL)
            self.host.start_xend()
            said = answer.result()
        self.seen[f"{verb} {name}: {'done' if said.code == 0 else 'cut off'}"] += 1
        if verb in ("create", "destroy"):
            self.there[name] = verb == "create" if said.code == 0 else None
        if verb == "shutdown":
            self.there[name] = None  # a Linux that is up goes, at any time; a boot sector takes no notice

    def _provide(self, name: str, *, there: bool) -> None:
        """What a verb needs to do anything: the domain, or its absence."""
        if self.there[name] is not there:
            said = self.host.xm("create" if there else "destroy", name)
            assert said.code == 0 or (name in by_xl(self.host)) is there, said
            self.there[name] = there

    def check(self) -> None:
        """xm and xl show the same domains, with all that were promised and nothing half-made."""
        try:
            until(self._agrees, "xm and xl show the same, and what was promised", 60, every=0.3)
        except AssertionError:
            raise AssertionError(self._account()) from None
        ids = by_xl(self.host)
        self.there = {name: name in ids for name in self.there}

    def _agrees(self) -> bool:
        ids, found = by_xl(self.host), of_guests(self.host)
        folders = [line for line in found if line.startswith("/run/xenia/")]
        numbers = {int(match[1]) for line in found if (match := _ID.match(line))}
        starting = [line for line in found if "xl create" in line]
        if any(promised is not None and (name in ids) is not promised for name, promised in self.there.items()):
            return False  # it may be on its way: a domain that starts over is away for a moment
        if not all(self._has_the_same_devices(name) for name in ids):
            return False
        return ids == by_xm(self.host) and numbers == set(ids.values()) and len(folders) == len(ids) and not starting

    def _has_the_same_devices(self, name: str) -> bool:
        kinds = ("block-list", "network-list")
        told = [[len(self.host.run(tool, kind, name).out.splitlines()) for kind in kinds] for tool in ("xl", "xm")]
        return told[0] == told[1]

    def _account(self) -> str:
        log = self.host.ok("tail", "-n", "30", "/var/log/xenia/xend.out")
        found = "\n".join(of_guests(self.host))
        return f"{self.there=} {by_xl(self.host)=} {by_xm(self.host)=} {self.seen=}\n{found}\n{log}"


_ID = re.compile(
    r"(?:/local/domain/|/libxl/|/local/domain/0/(?:backend/[^/]+|device-model)/|\S*qemu\S* -xen-domid )([1-9]\d*)\b"
)


def run(host: XenHost, names: Sequence[str], kills: int, seed: int) -> None:
    series = Series(host, random.Random(seed), dict.fromkeys(names, False))  # noqa: S311 (one that can be had again)
    series.define()
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
        assert said.code == 0 or name not in by_xl(host), said
    nothing_left(host)


@pytest.mark.full
@pytest.mark.timeout(120 + 60 * len(LONGEST))
def test_no_kill_of_xend_loses_doubles_or_leaks_a_domain(xen_host: XenHost) -> None:
    run(xen_host, ["linux"], len(LONGEST), SEED)


@pytest.mark.full
@pytest.mark.timeout(120 + 60 * MANY)
def test_nor_do_many_kills(xen_host: XenHost) -> None:
    run(xen_host, sorted(FILES), MANY, SEED + 1)
