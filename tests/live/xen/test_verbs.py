"""Every verb of xm on one guest of each kind, as a user would use it; docs/reference/xen-verbs.md is made from this.

XENIA_WRITE_DOCS=1 writes the file anew.
"""

from __future__ import annotations

import json
import os
import re
import signal
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.live.xenlab import guests
from tests.live.xenlab.console import talk
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.recipe import CHECKOUT, GUESTS
from tests.live.xenlab.traces import by_xl, by_xm, letters, nothing_left
from tests.support.live import until

pytestmark = [pytest.mark.xen, pytest.mark.timeout(400)]

REFERENCE = CHECKOUT / "docs/reference/xen-verbs.md"

KINDS = ("pv", "pvh", "hvm")

HEADING = """\
# The verbs of xm on Xen

This table is made by tests/live/xen/test_verbs.py from what it finds on a real Xen host, and checked by it. Do not
write in it: `XENIA_WRITE_DOCS=1 ./check --only xen` does.

The PV and the PVH guest are a small Linux. The HVM guest is a boot sector: it has no operating system, no drivers and
no ear for ACPI, which shows what works on any guest at all.

"""

LEGEND = """
- **yes**: it does what it says.
- **nothing told**: it has no agent, and none of Xen's drivers.
- **new id**: Xen starts nothing over in place: the domain is made anew with the next id, and keeps its UUID.
- **untried**: it asks the guest's drivers, and this guest has none.
- **says: sched-credit2**: Xen has one scheduler at a time, by default credit2; the other word says which it is.
- **no drive**: the CD-ROM drives of PV and PVH guests are plain disks.
- **asked by ACPI**: a guest without Xen's drivers gets its power button pressed. This one does not listen and stays
  as it is; `xm destroy` ends it.
"""

MORE = "/root/more.img"
"""The image of a disk that comes and goes."""

CARD = "vif = ['bridge=xenbr0']"

FILES = {
    # Python, with the line ends of another system: what xl itself cannot read.
    "pv": f"""\
import os
memory = 32 * 4
name = 'pv'
kernel = os.path.join('{GUESTS}', 'vmlinux')
ramdisk = '{GUESTS}/ramdisk'
extra = 'console=hvc0 quiet xenia.guest=%s' % name
maxvcpus = 2
disk = ['file:{GUESTS}/disk.raw,xvda,w']
{CARD}
""".replace("\n", "\r\n"),
    "pvh": guests.file("pvh", "pvh", "maxvcpus = 2", CARD),
    "hvm": f"""\
name = 'hvm'
builder = 'hvm'
memory = 32
serial = 'pty'
usb = 1
disk = ['file:{GUESTS}/counting.img,hda,w']
disk = ['file:{GUESTS}/counting.img,hda,w', ',hdc:cdrom,r']
{CARD}
""",
}


@dataclass
class Walk:
    """One guest, and what is found out about its kind. Only what is stated by `found` is in the table."""

    host: XenHost
    kind: str
    table: dict[str, dict[str, str]]

    def found(self, verb: str, word: str = "yes") -> None:
        self.table[verb][self.kind] = word

    def xm(self, *words: str, timeout: float = 90) -> str:
        said = self.host.xm(*words, timeout=timeout)
        assert said.code == 0, (words, said)
        return said.out

    @property
    def id(self) -> int:
        """As Xen itself has it."""
        return int(self.host.ok("xl", "domid", self.kind))

    def is_up(self, times: int = 1) -> None:
        if self.kind != "hvm":  # a boot sector is there at once
            self.host.hears(self.kind, guests.marker(self.kind), times=times)


@pytest.fixture(scope="module")
def host(xen_host: XenHost) -> XenHost:
    for name, text in FILES.items():
        xen_host.put(f"/etc/xen/{name}.cfg", text.encode())
    xen_host.start_xend()
    return xen_host


@pytest.fixture(autouse=True)
def what_a_failed_test_left_is_not_in_the_way(host: XenHost) -> Iterator[None]:
    yield
    for name in by_xl(host):
        host.xm("destroy", name)


@pytest.fixture(scope="module")
def table() -> dict[str, dict[str, str]]:
    """Verb, kind, what is true."""
    return defaultdict(dict)


def test_xl_refuses_the_guest_file_that_xm_reads(host: XenHost) -> None:
    said = host.run("xl", "create", "-n", "/etc/xen/pv.cfg")
    assert said.code != 0
    assert "parsing error" in said.err


@pytest.mark.parametrize("kind", KINDS)
def test_a_guest_goes_through_all_verbs(host: XenHost, table: dict[str, dict[str, str]], kind: str) -> None:
    walk = Walk(host, kind, table)
    is_started(walk)
    is_shown(walk)
    is_paused(walk)
    walk.is_up()
    tells_of_itself(walk)
    is_spoken_to(walk)
    its_devices_come_and_go(walk)
    its_medium_is_changed(walk)
    is_watched(walk)
    is_poked(walk)
    is_resized(walk)
    gets_cpus(walk)
    is_bound_and_weighed(walk)
    is_renamed(walk)
    is_rebooted(walk)
    is_reset(walk)
    is_ended(walk)
    nothing_left(host)


def is_started(walk: Walk) -> None:
    plan, kind = walk.xm("create", "-n", walk.kind), walk.kind
    assert re.search(rf'^xen gets:\n(  .*\n)*  type = "{kind}"\n(  .*\n)*  name = "{kind}"\n', plan, re.MULTILINE), plan
    assert by_xl(walk.host) == {}
    walk.found("create -n")
    walk.xm("create", "-p", walk.kind)
    assert letters(walk.host, walk.kind) == "--p---"
    walk.found("create -p")
    walk.xm("unpause", walk.kind)
    walk.found("create")


def is_shown(walk: Walk) -> None:
    host, kind = walk.host, walk.kind
    (told,) = json.loads(walk.xm("list", "-o", "json", kind))
    assert (told["domid"], told["kind"], told["engine"]) == (walk.id, kind, "xen")
    assert told["state"] in ("running", "blocked")
    assert told["vifs"] == [f"vif{walk.id}.0"]
    walk.found("list -o json")
    ends = {f"vif{walk.id}.0"} | ({f"vif{walk.id}.0-emu"} if kind == "hvm" else set())
    rules = host.ok("nft", "list", "table", "netdev", "xenia")
    assert set(re.findall(r"chain (\S+) {", rules)) == ends, (
        "what the guest sends is filtered, on either side of its card"
    )
    row = walk.xm("list", kind).splitlines()[1].split()
    assert row[:2] == [kind, str(walk.id)]
    walk.found("list")
    sxp = walk.xm("list", "-l", kind)
    assert f"(domid {walk.id})" in sxp
    assert "(bridge xenbr0)" in sxp
    assert "(mac 00:16:3e:" in sxp
    walk.found("list -l")
    info = walk.xm("info")
    assert re.search(r"^engine +: xen\n(.*\n)*engine_version +: 4\.17", info, re.MULTILINE), info
    assert re.search(r"^xen_major +: 4\nxen_minor +: 17$", info, re.MULTILINE), info
    walk.found("info")
    normal = json.loads(host.ok("xl", "list", "-l", kind))
    assert [each["config"]["c_info"]["name"] for each in normal] == [kind]


def is_paused(walk: Walk) -> None:
    walk.xm("pause", walk.kind)
    assert letters(walk.host, walk.kind) == "--p---"
    walk.found("pause")
    walk.xm("unpause", walk.kind)
    assert "p" not in letters(walk.host, walk.kind)
    walk.found("unpause")


def is_spoken_to(walk: Walk) -> None:
    if walk.kind == "hvm":
        talk(walk.host, "xm", "console", "hvm", awaited=rf"{guests.COUNT}[0-9a-f]{{4}}")
        walk.found("console", "its serial port")
        return
    talk(walk.host, "xm", "console", walk.kind, typed="echo $((6*7))x", awaited="42x")
    walk.found("console")
    # xl's own console is another reader of the same terminal.
    talk(walk.host, "xl", "console", walk.kind, typed="echo $((5*7))x", awaited="35x")


def is_poked(walk: Walk) -> None:
    """The HVM guest hears neither: it has no system. That its buttons are there, the host itself tells."""
    host, kind = walk.host, walk.kind
    walk.xm("sysrq", kind, "h")
    if kind != "hvm":
        host.hears(kind, "sysrq: HELP")
    walk.found("sysrq", "untried" if kind == "hvm" else "yes")
    walk.xm("trigger", kind, "nmi", "0")
    walk.found("trigger nmi")
    said = host.xm("trigger", kind, "power")
    assert (said.code, "has no ACPI buttons" in said.err) == ((0, False) if kind == "hvm" else (1, True)), said
    walk.found("trigger power", "yes" if kind == "hvm" else "refused: it has no such button")
    said = host.xm("qemu-monitor-command", kind, "info status")
    assert (said.code, "VM status: running" in said.out) == ((0, True) if kind == "hvm" else (5, False)), said
    walk.found("qemu-monitor-command", "yes" if kind == "hvm" else "refused: it has no device model")
    said = host.xm("usb-attach", kind, "tablet")
    assert (said.code, "no USB device is emulated" in said.err) == ((0, False) if kind == "hvm" else (1, True)), said
    if kind == "hvm":
        assert "tablet" in walk.xm("usb-list", kind)
        assert "QEMU USB Tablet" in walk.xm("qemu-monitor-command", kind, "info usb")
        walk.xm("usb-detach", kind, "tablet")
        assert "QEMU USB Tablet" not in walk.xm("qemu-monitor-command", kind, "info usb")
    walk.found("usb-attach", "yes" if kind == "hvm" else "refused: nothing is emulated for it")
    walk.xm("debug-keys", "h")
    assert "key 'h'" in walk.xm("dmesg") or "pressed" in walk.xm("dmesg")
    walk.found("dmesg")
    assert "numa_info" in walk.xm("info", "-n")
    walk.found("info -n")


def its_devices_come_and_go(walk: Walk) -> None:
    """Seen by xl, and by the guests that have a system."""
    host, kind = walk.host, walk.kind
    host.ok("truncate", "--size=8M", MORE)
    walk.xm("block-attach", "--live", kind, f"file:{MORE}", "xvdf", "w")
    assert MORE in host.ok("losetup", "--all")
    sees(walk, "ls /sys/block | grep -c xvdf", 1)
    assert len(host.ok("xl", "block-list", kind).splitlines()) == len(walk.xm("block-list", kind).splitlines())
    walk.xm("block-detach", "--live", kind, "xvdf")
    assert MORE not in host.ok("losetup", "--all")
    sees(walk, "ls /sys/block | grep -c xvdf", 0)
    walk.found("block-attach")
    walk.found("block-detach")
    walk.xm("network-attach", "--live", kind)
    assert f" vif{walk.id}.1: " in host.ok("bridge", "link", "show", "master", "xenbr0")
    sees(walk, "ls /sys/class/net | grep -c eth", 2)
    assert len(host.ok("xl", "network-list", kind).splitlines()) == len(walk.xm("network-list", kind).splitlines()) == 3
    walk.xm("network-detach", "--live", kind, "1")
    assert f"vif{walk.id}.1" not in host.ok("ip", "-brief", "link")
    sees(walk, "ls /sys/class/net | grep -c eth", 1)
    walk.found("network-attach")
    walk.found("network-detach")


def sees(walk: Walk, count: str, number: int) -> None:
    """What is typed is echoed: the word that is waited for is not in it as it is said."""
    if walk.kind != "hvm":
        typed = f'until [ "$({count})" = {number} ]; do sleep 0.1; done; echo "it has "{number}x'
        talk(walk.host, "xm", "console", walk.kind, typed=typed, awaited=f"it has {number}x")


def its_medium_is_changed(walk: Walk) -> None:
    host, kind = walk.host, walk.kind
    if kind != "hvm":
        assert host.xm("cd-insert", "--live", kind, "hdc", MORE).code == 3
        for verb in ("cd-insert", "cd-eject"):
            walk.found(verb, "no drive")
        return
    walk.xm("cd-insert", "--live", kind, "hdc", MORE)
    assert MORE in host.ok("losetup", "--all")
    assert re.search(rf"^hdc +r +cdrom +raw +{MORE}$", walk.xm("block-list", kind), re.MULTILINE)
    walk.found("cd-insert")
    walk.xm("cd-eject", "--live", kind, "hdc")
    assert MORE not in host.ok("losetup", "--all")
    walk.found("cd-eject")


def is_watched(walk: Walk) -> None:
    """The columns are xentop's, and the figures too, as far as both count them."""
    mine, xentops = (
        {row[0]: dict(zip(rows[0], row, strict=False)) for row in rows[1:] if len(row) > 15}
        for rows in (
            [line.split() for line in text.splitlines()]
            for text in (walk.xm("top", "-b", "-i", "1"), walk.host.ok("xentop", "-b", "-i", "1", "-f"))
        )
    )
    ours, theirs = mine[walk.kind], xentops[walk.kind]
    assert ours["VCPUS"] == "1", "xentop counts one that is not plugged in, too"
    assert 0 <= int(theirs["CPU(sec)"]) - int(ours["CPU(sec)"]) < 60
    if walk.kind != "hvm":  # a boot sector reads by an emulated drive, which only its QEMU counts
        assert ours["NETS"] == theirs["NETS"] == "1"
        assert int(ours["VBD_RD"]) <= int(theirs["VBD_RD"])
        assert int(ours["NETRX(k)"]) <= int(theirs["NETRX(k)"])
    walk.found("top")
    told = json.loads(walk.xm("why", "-s", "1", "-o", "json", walk.kind))
    assert told["domid"] == walk.id
    assert any("how long requests of its disks take" in each for each in told["unknown"])
    emulated = [each for each in told["findings"] if "emulated" in each["message"]]
    assert bool(emulated) is (walk.kind == "hvm")
    walk.found("why")


def tells_of_itself(walk: Walk) -> None:
    """A guest writes to xenstore what an agent in it would."""
    if walk.kind == "hvm":
        said = walk.host.xm("agent", "hvm")
        assert (said.code, "has not told anything of itself" in said.err) == (5, True), said
        walk.found("agent", "nothing told")
        return
    words = " && ".join(map(written, (("data/os_name", "Small Linux"), ("attr/vif/0/ipv4/0", "192.0.2.7"))))
    talk(walk.host, "xm", "console", walk.kind, typed=f"{words} && echo told'.'", awaited="told[.]")
    told = json.loads(walk.xm("agent", "-o", "json", walk.kind))
    assert (told["agent"], told["os"]) == ("xenstore", "Small Linux")
    assert [(each["vif"], each["addresses"]) for each in told["interfaces"]] == [(0, ["192.0.2.7"])]
    assert walk.xm("network-list", walk.kind).split()[-1] == "192.0.2.7"
    said = walk.host.xm("agent", walk.kind, "exec", "true")
    assert (said.code, "agent-exec is not possible" in said.err) == (1, True), said
    walk.found("agent")


def written(entry: tuple[str, str]) -> str:
    """A shell's words that write to xenstore: a message of xs_wire.h to the kernel's device (XS_WRITE is 11)."""
    path, value = entry
    header = b"".join(number.to_bytes(4, "little") for number in (11, 0, 0, len(path) + 1 + len(value)))
    escaped = "".join(f"\\{byte:03o}" for byte in header)
    return f"printf '{escaped}{path}\\000{value}' >/dev/xen/xenbus"


def is_resized(walk: Walk) -> None:
    if walk.kind == "hvm":  # a boot sector has no balloon, and would be waited for
        walk.xm("mem-max", "--live", "hvm", "64")
        walk.found("mem-set", "untried")
    else:
        walk.xm("mem-set", "--live", walk.kind, "100")
        assert int(walk.host.ok("xl", "list", walk.kind).splitlines()[1].split()[2]) <= 101
        walk.xm("mem-max", "--live", walk.kind, "100")
        walk.found("mem-set")
    walk.found("mem-max")


def gets_cpus(walk: Walk) -> None:
    if walk.kind == "hvm":  # a boot sector never starts another CPU, and would be waited for
        walk.found("vcpu-set", "untried")
        return
    switch_on = "until echo 1 > /sys/devices/system/cpu/cpu1/online; do sleep 1; done"  # as udev does elsewhere
    talk(walk.host, "xm", "console", walk.kind, typed=f"({switch_on}) 2>&- & echo $((6*9))x", awaited="54x")
    for count in (2, 1):
        assert walk.xm("vcpu-set", "--live", "--ignore-host", walk.kind, str(count)) == ""
        assert int(walk.host.ok("xl", "list", walk.kind).splitlines()[1].split()[3]) == count
    walk.found("vcpu-set")


def is_bound_and_weighed(walk: Walk) -> None:
    for words in (("0", "0"), ("all", "-", "0"), ("all", "all", "all")):
        walk.xm("vcpu-pin", "--live", walk.kind, *words)
    walk.found("vcpu-pin")
    assert walk.xm("vcpu-list", walk.kind).splitlines()[1].endswith(" any cpu")
    walk.found("vcpu-list")
    walk.xm("sched-credit2", "--live", "-d", walk.kind, "-w", "512", "-c", "50")
    assert walk.host.ok("xl", "sched-credit2", "-d", walk.kind).splitlines()[1].split()[2:] == ["512", "50"]
    assert walk.xm("sched-credit2", "-d", walk.kind).splitlines()[1].split()[2:] == ["512", "50"]
    walk.xm("sched-credit2", "--live", "-d", walk.kind, "-c", "0")
    walk.found("sched-credit2")
    said = walk.host.xm("sched-credit", "-d", walk.kind, "-w", "512")
    assert (said.code, "xm sched-credit2 -d" in said.err) == (5, True), said
    walk.found("sched-credit", "says: sched-credit2")
    walk.xm("sched-credit2", "-d", "Domain-0", "-w", "512")
    assert walk.host.ok("xl", "sched-credit2", "-d", "0").splitlines()[1].split()[2] == "512"


def is_renamed(walk: Walk) -> None:
    """There and back again."""
    walk.xm("rename", walk.kind, "other")
    assert by_xl(walk.host) == by_xm(walk.host) == {"other": int(walk.host.ok("xl", "domid", "other"))}
    said = walk.xm("uptime", "other").splitlines()
    assert said[1].split()[:1] == ["other"]
    walk.found("uptime")
    walk.xm("rename", "other", walk.kind)
    assert by_xl(walk.host) == by_xm(walk.host) == {walk.kind: walk.id}
    walk.found("rename")


def is_rebooted(walk: Walk) -> None:
    before, uuid = walk.id, uuid_of(walk)
    if walk.kind == "hvm":
        walk.xm("reboot", "hvm")
        assert walk.id == before
        walk.found("reboot", "asked by ACPI")
        return
    walk.xm("reboot", "-w", walk.kind, timeout=90)
    assert walk.id > before
    assert uuid_of(walk) == uuid
    walk.found("reboot", "new id")
    walk.is_up(times=2)


def is_reset(walk: Walk) -> None:
    before = walk.id
    walk.xm("reset", walk.kind, timeout=90)
    assert walk.id > before
    walk.found("reset", "new id")
    walk.is_up(times=3)


def uuid_of(walk: Walk) -> str:
    (told,) = json.loads(walk.xm("list", "-o", "json", walk.kind))
    return str(told["uuid"])


def is_ended(walk: Walk) -> None:
    if walk.kind == "hvm":
        walk.xm("shutdown", "hvm")
        walk.xm("shutdown", "--mode=acpi", "hvm")
        assert by_xl(walk.host) == by_xm(walk.host) == {"hvm": walk.id}
        walk.found("shutdown", "asked by ACPI")
    else:
        walk.xm("shutdown", "--mode=agent", "-w", walk.kind)
        assert by_xm(walk.host) == {}
        walk.found("shutdown")
        nothing_left(walk.host)
        times = walk.host.heard(walk.kind).count(guests.marker(walk.kind))
        walk.xm("create", walk.kind)
        if walk.kind == "pvh":
            walk.is_up(times + 1)
            goes_and_comes_with_the_host(walk)
    walk.xm("destroy", walk.kind)
    assert by_xm(walk.host) == {}
    walk.found("destroy")


def goes_and_comes_with_the_host(walk: Walk) -> None:
    """What ran comes back, once Debian's own xendomains is masked, which would start domains too."""
    host = walk.host
    assert walk.xm("host-stop").splitlines()[-1] == f"{walk.kind}: stopped"
    assert by_xm(host) == {}
    nothing_left(host)
    refused = host.xm("host-start")
    assert (refused.code, "systemctl mask xendomains" in refused.err) == (5, True), refused
    host.sh("mkdir -p /etc/systemd/system && ln -s /dev/null /etc/systemd/system/xendomains.service")
    walk.xm("host-start")
    assert by_xl(host) == by_xm(host) == {walk.kind: walk.id}


def test_pools_of_cpus_and_what_is_in_the_way(host: XenHost) -> None:
    """The host has one CPU, which Domain-0 needs."""

    def refused(code: int, word: str, *words: str) -> None:
        said = host.xm(*words)
        assert (said.code, word in said.err) == (code, True), (words, said)

    assert host.xm("cpupool-list").out.splitlines()[1].split() == ["Pool-0", "1", "credit2", "y", "1"]
    assert host.xm("cpupool-create", "--sched", "credit", "empty").code == 0
    refused(5, "'empty' already", "cpupool-create", "empty")
    refused(5, "is in the pool 'Pool-0'", "cpupool-cpu-add", "empty", "0")
    refused(1, "Xen does not take CPU 0 out of the pool 'Pool-0'", "cpupool-cpu-remove", "Pool-0", "0")
    refused(5, "other pools already: empty", "cpupool-numa-split")
    assert host.xm("cpupool-rename", "empty", "none").code == 0
    host.xm("create", "-p", "pvh")
    refused(5, "has no CPUs", "cpupool-migrate", "--live", "pvh", "none")
    assert host.xm("cpupool-migrate", "--live", "pvh", "Pool-0").code == 0
    host.xm("destroy", "pvh")
    assert host.xm("cpupool-destroy", "none").code == 0
    assert [line.split()[0] for line in host.ok("xl", "cpupool-list").splitlines()[1:]] == ["Pool-0"]


def test_a_dead_guest_is_kept_and_its_domain_starts_over(host: XenHost) -> None:
    """rename-restart, whose disk is not used twice."""
    text = FILES["pv"] + "on_crash = 'rename-restart'\r\n"
    host.put("/etc/xen/pv.cfg", text.encode())
    assert host.xm("create", "pv").code == 0
    host.hears("pv", guests.marker("pv"))
    host.put("/etc/xen/pv.cfg", text.replace("memory = 32 * 4", "memory = 80").encode())
    talk(host, "xm", "console", "pv", typed="echo c > /proc/sysrq-trigger", awaited="sysrq: Trigger a crash")
    until(lambda: len(by_xm(host)) == 2, "the dead guest is kept, and the domain is there", 60, every=0.5)
    (kept,) = [name for name in by_xl(host) if name != "pv"]
    assert letters(host, kept)[-2] == "c"
    said = host.xm("domstate", kept)
    assert (said.out, "the guest crashed" in said.err) == ("crashed\n", True), said
    host.hears("pv", guests.marker("pv"), times=2)
    (told,) = json.loads(host.xm("list", "-o", "json", "pv").out)
    assert told["max_memory"] == 128, "as it was started, not as its file is now"
    host.stop_xend(signal.SIGKILL)
    host.start_xend()
    assert by_xm(host) == by_xl(host)
    for name in (kept, "pv"):
        assert host.xm("destroy", name).code == 0
    nothing_left(host)


def test_the_death_of_a_device_model_is_seen(host: XenHost) -> None:
    host.put("/etc/xen/hvm.cfg", (FILES["hvm"] + "on_crash = 'preserve'\n").encode())
    assert host.xm("create", "hvm").code == 0
    host.sh("kill -9 $(pgrep -f 'xen-domid '$(xl domid hvm))")
    until(lambda: host.xm("domstate", "hvm").out == "crashed\n", "it is seen", 60, every=0.5)
    assert "its device model died" in host.xm("domstate", "hvm").err
    assert letters(host, "hvm")[2] == "p"
    host.stop_xend(signal.SIGKILL)
    host.start_xend()
    assert host.xm("domstate", "hvm").out == "crashed\n"
    assert host.xm("destroy", "hvm").code == 0
    nothing_left(host)


def test_the_reference_tells_what_was_found(table: dict[str, dict[str, str]]) -> None:
    """Also where not all kinds went through the verbs: then only the columns of those that did are compared."""
    whole = bool(table) and all(set(row) == set(KINDS) for row in table.values())
    if whole and os.environ.get("XENIA_WRITE_DOCS"):
        REFERENCE.parent.mkdir(parents=True, exist_ok=True)
        REFERENCE.write_text(text_of(table))
    written = REFERENCE.read_text() if REFERENCE.exists() else ""
    if whole:
        new = text_of(table)
        assert written == new, f"{REFERENCE.name} is to be (XENIA_WRITE_DOCS=1 writes it):\n{new}"
        return
    lines = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in written.splitlines() if line.startswith("| `")
    ]
    told = {verb.strip("`"): dict(zip(KINDS, words, strict=True)) for verb, *words in lines}
    found = {(verb, kind): word for verb, row in table.items() for kind, word in row.items()}
    assert found == {(verb, kind): told.get(verb, {}).get(kind) for verb, kind in found}


def text_of(table: dict[str, dict[str, str]]) -> str:
    rows = [["xm", *(kind.upper() for kind in KINDS)], ["---"] * (1 + len(KINDS))]
    rows += [[f"`{verb}`", *(row[kind] for kind in KINDS)] for verb, row in table.items()]
    return HEADING + "".join(f"| {' | '.join(row)} |\n" for row in rows) + LEGEND
