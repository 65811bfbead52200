"""A host with a card, and the router at the other end of its wire, each in a network namespace of its own.

The thread that makes it is the host from then on.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from xenia.lib.codec import to_plain
from xenia.network.rtnetlink import Rtnetlink
from xenia.network.uplink import watchdog
from xenia.network.uplink.record import Place, Record
from xenia.network.uplink.watchdog import Task

CARD, BRIDGE, BOOT = "eth7", "xenbr0", "this boot"
HOST4, HOST6, ROUTER4, ROUTER6 = "10.0.0.2", "fd01::2", "10.0.0.1", "fd01::1"

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)

_HOST = f"""\
addr add {HOST4}/24 brd + dev {CARD}
addr add 10.0.0.3/24 dev {CARD} label {CARD}:1
addr add 10.1.0.1 peer 10.1.0.2/32 dev {CARD} valid_lft 5000 preferred_lft 4000
addr add {HOST6}/64 dev {CARD} nodad
addr add fd01::99/64 dev {CARD} nodad noprefixroute preferred_lft 0
link set {CARD} up
route add default via {ROUTER4}
route add 10.9.0.0/16 via {ROUTER4} table 77 mtu 1300 initcwnd 10 src 10.0.0.3
route add 10.8.0.0/16 nexthop via {ROUTER4} weight 2 nexthop via 10.0.0.5
route add 10.7.0.0/16 dev {CARD} metric 5
route add 192.0.2.1/32 via 172.16.0.1 dev {CARD} onlink
-6 route add default via {ROUTER6}
-6 route add fd08::/64 nexthop via {ROUTER6} dev {CARD} nexthop via fd01::5 dev {CARD}
-6 route add fd09::/64 dev {CARD} metric 7 expires 4000
rule add iif {CARD} lookup 77 priority 100
-6 rule add oif {CARD} lookup 77 priority 101
neigh add 10.0.0.77 lladdr 00:16:3e:00:00:77 dev {CARD}
neigh add proxy 10.0.0.78 dev {CARD}
"""

_SHOWN = {
    "": ("addr show", "neigh show nud permanent", "neigh show proxy"),
    "-4 ": ("route show table all", "rule show"),
    "-6 ": ("route show table all", "rule show"),
}
_PASSING = re.compile(r'"(valid_life_time|preferred_life_time|expires|\w+_timer)":(?!4294967295)[0-9.]+')


class Wire:
    """What tests do at both ends. `root` is that of a xend of the host."""

    def __init__(self, root: Path, router: str) -> None:
        self.root = root
        self.place = Place(root)
        self._router = router
        self._watchdogs: list[Watchdog] = []

    def ip(self, words: str) -> str:
        return subprocess.run(["ip", *words.split()], check=True, capture_output=True, text=True).stdout

    def _batch(self, options: str, commands: Sequence[str]) -> str:
        words = ["ip", *options.split(), "-batch", "-"]
        return subprocess.run(words, input="\n".join(commands), check=True, capture_output=True, text=True).stdout

    def router(self, words: str) -> None:
        subprocess.run(["ip", "-n", self._router, *words.split()], check=True)

    @contextmanager
    def at_router(self) -> Iterator[None]:
        """The calling thread is the router meanwhile."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self._router}", os.O_RDONLY)
        try:
            assert _libc.setns(there, _CLONE_NEWNET) == 0
            yield
        finally:
            assert _libc.setns(home, _CLONE_NEWNET) == 0
            os.close(home)
            os.close(there)

    def shown(self) -> dict[str, Any]:
        """All that there is of the host's network, without the times that pass and the counters."""
        told: dict[str, Any] = {}
        for family, each in _SHOWN.items():
            text = self._batch(f"-j -d {family}", each)
            for words, line in zip(each, _PASSING.sub(r'"\1":"passing"', text).splitlines(), strict=True):
                found = json.loads(line)
                told[f"{family}{words}"] = sorted(found, key=json.dumps) if "route" in words else found
        settings = Path("/proc/sys/net")
        for file in sorted([*settings.glob(f"ipv4/*/{CARD}/*"), *settings.glob(f"ipv6/*/{CARD}/*")]):
            try:
                told[str(file)] = file.read_text()
            except OSError as error:
                told[str(file)] = error.errno
        return told

    def links(self) -> dict[str, dict[str, Any]]:
        return {link["ifname"]: link for link in json.loads(self.ip("-j -d link show"))}

    def record(self) -> Record:
        found = self.place.read(BOOT)
        assert found is not None
        return found

    def task(self, card: str = CARD, **others: Any) -> Task:
        return Task(str(self.root), BOOT, BRIDGE, card, **others)

    def take(self, **others: Any) -> Watchdog:
        return self.watchdog(self.task(**others))

    def give_back(self, **others: Any) -> Watchdog:
        return self.watchdog(self.task("", **others))

    def watchdog(self, task: Task, die_at: int = 0) -> Watchdog:
        self._watchdogs.append(Watchdog(task, die_at))
        return self._watchdogs[-1]

    def close(self) -> None:
        """No watchdog outlives the test."""
        for each in self._watchdogs:
            if each.runs():
                each.tell(signal.SIGKILL)
            each.ends()


class Watchdog:
    """The watchdog as a process, forked from this one: it is quick, and can be killed at a step."""

    def __init__(self, task: Task, die_at: int = 0) -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.dup2(writing, 1)
                if die_at:
                    _die_at(die_at)
                watchdog.main([json.dumps(to_plain(task))])
            finally:
                os._exit(0)
        os.close(writing)
        self._told = open(reading)  # noqa: SIM115
        self._status: int | None = None

    def says(self) -> dict[str, Any]:
        """The line for xend; {} when it died before."""
        line = self._told.readline()
        return json.loads(line) if line else {}

    def tell(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def runs(self) -> bool:
        return self._status is None and os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def ends(self) -> int:
        """Wait for it; the signal that ended it, or 0."""
        self._told.close()
        if self._status is None:
            self._status = os.waitpid(self.pid, 0)[1]
        return os.WTERMSIG(self._status) if os.WIFSIGNALED(self._status) else 0


def _die_at(step: int) -> None:
    """Be killed before the step-th effect: a message to the kernel that changes something, or a record."""
    left = [step]

    def stepping(function: Any) -> Any:
        def call(*words: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*words, **named)

        return call

    Rtnetlink.ask = stepping(Rtnetlink.ask)  # type: ignore[method-assign]
    Place.write = stepping(Place.write)  # type: ignore[method-assign]


@contextmanager
def wire(root: Path) -> Iterator[Wire]:
    router = f"xenia-{uuid4().hex[:8]}"
    with ExitStack() as opened:
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        opened.callback(os.close, home)
        if _libc.unshare(_CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "no network namespaces here")
        opened.callback(_libc.setns, home, _CLONE_NEWNET)
        subprocess.run(["ip", "netns", "add", router], check=True)
        opened.callback(subprocess.run, ["ip", "netns", "del", router], check=True)
        made = Wire(root, router)
        opened.callback(made.close)
        made.ip("link set lo up")
        made.ip(f"link add {CARD} type veth peer name r0 netns {router}")
        for words in ("link set lo up", f"addr add {ROUTER4}/24 dev r0", f"addr add {ROUTER6}/64 dev r0 nodad"):
            made.router(words)
        made.router("link set r0 up")
        with Path(f"/proc/sys/net/ipv6/conf/{CARD}/dad_transmits").open("w") as setting:
            setting.write("0")
        lines = _HOST.splitlines()
        for family in ("", "-6 "):
            batch = [line.removeprefix("-6 ") for line in lines if line.startswith("-6 ") is bool(family)]
            made._batch(family, batch)
        _settled(made)
        yield made


def _settled(wire: Wire) -> None:
    """Its own address of the wire is taken."""
    for _ in range(2000):
        if '"tentative":true' not in wire.ip("-j -6 addr show") and "fe80" in wire.ip(f"-6 addr show dev {CARD}"):
            return
    raise AssertionError("the host's addresses stay tentative")


class Conversation:
    """A TCP connection from the router to the host over which bytes go there and back all the time."""

    def __init__(self, wire: Wire, address: str) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, 0), family=family)
        threading.Thread(target=self._echo, daemon=True).start()
        with wire.at_router():
            self._client = socket.create_connection(self._listener.getsockname()[:2], timeout=10)
        self.count = 0

    def _echo(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            while data := connection.recv(4096):
                connection.sendall(data)

    def goes_on(self) -> None:
        """Once more, all bytes come back in their order."""
        self.count += 1
        told = f"{self.count:08}".encode()
        self._client.sendall(told)
        heard = b""
        while len(heard) < len(told):
            heard += self._client.recv(len(told) - len(heard))
        assert heard == told

    def close(self) -> None:
        self._client.close()
        self._listener.close()
