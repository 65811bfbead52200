"""Every verb of xm on one guest of each kind on QEMU, as a user would use it.

docs/reference/qemu-verbs.md is made from this: XENIA_WRITE_DOCS=1 writes it anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.agent_guest import START, UP, add_agent
from tests.support.live import LiveHost, Said, until
from tests.support.terminal import Terminal
from tests.support.verb_table import KINDS, VerbTable

pytestmark = [pytest.mark.qemu, pytest.mark.timeout(300)]

PAGE = Path(__file__).parents[2] / "docs/reference/qemu-verbs.md"

HEADING = """\
# The verbs of xm on QEMU

This table is made by tests/live/test_verbs.py from what it finds with real guests, and checked by it. Do not write in
it: `XENIA_WRITE_DOCS=1 python -m pytest tests/live/test_verbs.py` does.

Each guest is a small Linux, on QEMU's emulation. What [Xen](xen-verbs.md) does has a table of its own.

"""

LEGEND = """
- **yes**: it does what it says.
- **refused**: with the reason, and what can be done instead.
- **in place**: the domain keeps its id.

`sched-credit` and `sched-credit2` with `--live` need control groups (cgroup v2) with their CPU controller, which not
every host has; where there are none, they are refused with that reason.
"""

TABLE = VerbTable(PAGE, HEADING, LEGEND)

FILES = {
    "pv": "kernel = '{kernel}'\nramdisk = '{ramdisk}'\n",
    "pvh": "type = 'pvh'\nkernel = '{kernel}'\nramdisk = '{ramdisk}'\n",
    "hvm": "builder = 'hvm'\nkernel = '{kernel}'\nramdisk = '{ramdisk}'\nserial = 'pty'\nusb = 1\n",
}

CD = {"pv": "", "pvh": "", "hvm": ", ',hdc:cdrom,r'"}
CONSOLE = {"pv": "hvc0", "pvh": "hvc0", "hvm": "ttyS0"}


@dataclass
class Walk:
    """One guest, its console, and what is found out about its kind. Only what is stated by `found` is in the table."""

    host: LiveHost
    kind: str
    console: Terminal
    marker: str
    table: dict[str, str] = field(default_factory=dict)
    """What is true of each verb."""

    def found(self, verb: str, word: str = "yes") -> None:
        self.table[verb] = word

    def xm(self, *words: str) -> str:
        return self.host.ok(*words)

    def refused(self, code: int, word: str, *words: str) -> Said:
        said = self.host.xm(*words)
        assert (said.code, word in said.err) == (code, True), (words, said)
        return said

    @property
    def state(self) -> str:
        return str(self.host.domain(self.kind)["state"])

    def is_up(self) -> None:
        self.console.sees(self.marker)

    def says(self, command: str, answer: str) -> None:
        """What is typed is echoed: what is waited for is not in it."""
        self.console.types(f"{command}\r")
        self.console.sees(answer)

    def counts(self, command: str, number: int) -> None:
        self.says(
            f'until [ "$({command})" = {number} ]; do sleep 0.1; done; echo "it has "{number}x', f"it has {number}x"
        )


@pytest.fixture
def walk(host: LiveHost, kind: str) -> Iterator[Walk]:
    guest = host.linux("small")
    add_agent(guest)
    more = f"extra = 'console={CONSOLE[kind]} xenia.guest={kind}'\nmemory = 96\nmaxmem = 128\nmaxvcpus = 2\n"
    disks = f"disk = ['tap:qcow2:{guest.disk},xvda,w'{CD[kind]}]\nvif = ['type=vif,link=down']\n"
    text = FILES[kind].format(kernel=guest.kernel, ramdisk=guest.ramdisk)
    host.file(kind, f"name = '{kind}'\n{text}{more}{disks}")
    plan = host.ok("create", "-n", kind)
    assert host.names() == []
    assert "qemu gets:" in plan, plan
    host.ok("create", "-p", "-q", kind)
    with Terminal(host.command("console", kind), host.environment) as console:
        yield Walk(host, kind, console, f"xenia: guest {kind} is up")


@pytest.mark.parametrize("kind", KINDS)
def test_a_guest_goes_through_all_verbs(walk: Walk) -> None:
    is_started(walk)
    its_cable_is_put_in(walk)
    is_shown(walk)
    is_paused(walk)
    is_watched(walk)
    has_an_agent(walk)
    its_devices_come_and_go(walk)
    its_medium_is_changed(walk)
    is_poked(walk)
    is_resized(walk)
    gets_cpus(walk)
    is_bound_and_weighed(walk)
    is_dumped(walk)
    is_renamed(walk)
    is_rebooted(walk)
    is_ended(walk)
    walk.host.nothing_left()
    TABLE.check(walk.kind, walk.table)


def is_started(walk: Walk) -> None:
    walk.found("create -n")
    assert walk.state == "paused"
    walk.found("create -p")
    walk.xm("unpause", walk.kind)
    walk.is_up()
    walk.found("create")


def its_cable_is_put_in(walk: Walk) -> None:
    """Its guest file starts it without."""
    walk.counts("cat /sys/class/net/eth0/carrier", 0)
    walk.xm("network-configure", "--live", walk.kind, "0", "link=up")
    walk.counts("cat /sys/class/net/eth0/carrier", 1)


def is_shown(walk: Walk) -> None:
    (told,) = json.loads(walk.xm("list", "-o", "json", walk.kind))
    assert (told["domid"], told["kind"], told["engine"], told["state"]) == (1, walk.kind, "qemu", "running")
    walk.found("list -o json")
    until(lambda: walk.host.domain(walk.kind)["memory"] == 96, "the balloon has taken what is above")
    assert walk.xm("list", walk.kind).splitlines()[1].split()[:4] == [walk.kind, "1", "96", "1"]
    walk.found("list")
    sxp = walk.xm("list", "-l", walk.kind)
    assert "(domid 1)" in sxp
    assert "(mac 00:16:3e:" in sxp
    walk.found("list -l")
    assert re.search(r"^engine +: qemu$", walk.xm("info"), re.MULTILINE)
    walk.found("info")
    assert walk.xm("domstate", walk.kind) == "running\n"
    walk.found("domstate")
    assert (walk.xm("domid", walk.kind), walk.xm("domname", "1")) == ("1\n", f"{walk.kind}\n")
    walk.found("domid")
    assert walk.xm("uptime", walk.kind).splitlines()[1].split()[0] == walk.kind
    walk.found("uptime")


def is_paused(walk: Walk) -> None:
    walk.xm("pause", walk.kind)
    assert walk.state == "paused"
    walk.found("pause")
    walk.xm("unpause", walk.kind)
    assert walk.state == "running"
    walk.found("unpause")
    walk.says("echo $((6 * 7))x", "42x")
    walk.found("console")


def is_watched(walk: Walk) -> None:
    rows = [line.split() for line in walk.xm("top", "-b", "-i", "1").splitlines()]
    names = next(row for row in rows if row[:2] == ["NAME", "STATE"])
    ours = dict(zip(names, next(row for row in rows if row[0] == walk.kind), strict=False))
    assert (ours["VCPUS"], int(ours["CPU(sec)"]) > 0) == ("1", True), ours
    walk.found("top")
    assert json.loads(walk.xm("why", "-s", "1", "-o", "json", walk.kind))["domid"] == 1
    walk.found("why")
    assert walk.kind in walk.xm("log")
    walk.found("log")


def has_an_agent(walk: Walk) -> None:
    walk.refused(5, "no agent runs", "agent", walk.kind)
    walk.says(START, UP)
    assert json.loads(walk.xm("agent", "-o", "json", walk.kind))["agent"] == "qemu-guest-agent"
    walk.found("agent")
    assert walk.xm("agent", walk.kind, "exec", "--", "hostname") == f"{walk.kind}\n"
    walk.found("agent exec")


def its_devices_come_and_go(walk: Walk) -> None:
    kind, image = walk.kind, walk.host.root / "more.img"
    image.write_bytes(bytes(1 << 20))
    walk.xm("block-attach", "--live", kind, f"file:{image}", "xvdf", "w")
    walk.counts("ls /sys/block | grep -c vdb", 1)
    walk.found("block-attach")
    assert str(image) in walk.xm("block-list", kind)
    walk.found("block-list")
    walk.xm("block-detach", "--live", kind, "xvdf")
    walk.counts("ls /sys/block | grep -c vdb", 0)
    walk.found("block-detach")
    walk.xm("network-attach", "--live", kind, "type=vif")
    walk.counts("ls /sys/class/net | grep -c eth", 2)
    walk.found("network-attach")
    assert len(walk.xm("network-list", kind).splitlines()) == 3
    walk.found("network-list")
    for link, carrier in (("down", 0), ("up", 1)):
        walk.xm("network-configure", "--live", kind, "1", f"link={link}")
        walk.counts("cat /sys/class/net/eth1/carrier", carrier)
    walk.found("network-configure")
    walk.xm("network-detach", "--live", kind, "1")
    walk.counts("ls /sys/class/net | grep -c eth", 1)
    walk.found("network-detach")


def its_medium_is_changed(walk: Walk) -> None:
    if walk.kind != "hvm":
        walk.refused(3, "hdc", "cd-insert", "--live", walk.kind, "hdc", str(walk.host.root / "more.img"))
        for verb in ("cd-insert", "cd-eject"):
            walk.found(verb, "refused: no drive in its file")
        return
    walk.xm("cd-insert", "--live", walk.kind, "hdc", str(walk.host.root / "more.img"))
    assert re.search(r"^hdc +r +cdrom +raw +\S*/more.img$", walk.xm("block-list", walk.kind), re.MULTILINE)
    walk.found("cd-insert")
    walk.xm("cd-eject", "--live", walk.kind, "hdc")
    assert "more.img" not in walk.xm("block-list", walk.kind)
    walk.found("cd-eject")


def is_poked(walk: Walk) -> None:
    kind = walk.kind
    walk.xm("sysrq", kind, "h")
    walk.console.sees("sysrq: HELP")
    walk.found("sysrq")
    walk.xm("trigger", kind, "nmi")
    walk.found("trigger nmi")
    assert "VM status: running" in walk.xm("qemu-monitor-command", kind, "info status")
    walk.found("qemu-monitor-command")
    walk.xm("usb-attach", kind, "tablet")
    assert "tablet" in walk.xm("usb-list", kind)
    walk.found("usb-attach")
    walk.xm("usb-detach", kind, "tablet")
    walk.found("usb-detach")
    walk.refused(1, "hypervisor", "dmesg")
    walk.found("dmesg", "refused: there is no hypervisor's log")


def is_resized(walk: Walk) -> None:
    kind = walk.kind
    if kind == "hvm":
        walk.refused(1, "no balloon", "mem-set", "--live", kind, "90")
        walk.found("mem-set", "refused: an unmodified machine has no balloon")
    else:
        walk.xm("mem-set", "--live", kind, "90")
        until(lambda: walk.host.domain(kind)["memory"] == 90, "the balloon follows")
        walk.found("mem-set")
    walk.refused(1, "--config", "mem-max", "--live", kind, "112")
    walk.found("mem-max --live", "refused: a machine keeps its bound")
    walk.xm("mem-max", "--config", kind, "160")
    walk.found("mem-max --config")


def gets_cpus(walk: Walk) -> None:
    assert len(walk.xm("vcpu-list", walk.kind).splitlines()) == 2
    walk.found("vcpu-list")
    walk.xm("vcpu-set", "--live", "--ignore-host", walk.kind, "2")
    walk.says("echo 1 >/sys/devices/system/cpu/cpu1/online; echo $(nproc) CPUs", "2 CPUs")
    walk.found("vcpu-set")
    walk.refused(1, "KVM", "vcpu-set", "--live", walk.kind, "1")
    walk.found("vcpu-set, fewer", "refused without KVM")


def is_bound_and_weighed(walk: Walk) -> None:
    for words in (("0", "0"), ("all", "all")):
        walk.xm("vcpu-pin", "--live", walk.kind, *words)
    walk.found("vcpu-pin")
    walk.refused(1, "would rather run on", "vcpu-pin", "--live", walk.kind, "all", "-", "0")
    walk.found("vcpu-pin, soft", "refused: Linux has no such thing")
    for verb in ("sched-credit", "sched-credit2"):  # --live is a matter of the host's control groups
        walk.xm(verb, "--config", "-d", walk.kind, "-w", "512", "-c", "50")
        assert re.search(
            r"^cpu_weight *= *512$", (walk.host.root / f"etc/xen/{walk.kind}.cfg").read_text(), re.MULTILINE
        )
        walk.xm(verb, "--config", "-d", walk.kind, "-w", "256", "-c", "0")
        walk.found(f"{verb} --config")


def is_dumped(walk: Walk) -> None:
    core = walk.host.root / "core"
    walk.xm("dump-core", walk.kind, str(core))
    assert core.read_bytes()[:4] == b"\x7fELF"
    walk.found("dump-core")


def is_renamed(walk: Walk) -> None:
    """There and back again."""
    walk.xm("rename", walk.kind, "other")
    assert walk.host.names() == ["other"]
    walk.xm("rename", "other", walk.kind)
    assert walk.host.names() == [walk.kind]
    walk.found("rename")


def is_rebooted(walk: Walk) -> None:
    before = walk.host.guests()
    walk.xm("reboot", "--mode=agent", "-w", "--timeout=180", walk.kind)
    walk.is_up()
    assert (walk.host.guests(), walk.host.domain(walk.kind)["domid"]) == (before, 1)
    walk.found("reboot", "in place")


def is_ended(walk: Walk) -> None:
    walk.xm("shutdown", "-w", "--timeout=180", walk.kind)
    assert walk.host.names() == []
    walk.found("shutdown")
    walk.xm("create", "-q", walk.kind)
    before = walk.host.guests()
    walk.xm("reset", walk.kind)
    assert (walk.host.guests(), walk.state) == (before, "running")
    walk.found("reset", "in place")
    walk.xm("destroy", walk.kind)
    assert walk.host.names() == []
    walk.found("destroy")
    walk.xm("delete", walk.kind)
    assert walk.kind not in walk.xm("list", "--all")
    walk.found("delete")
