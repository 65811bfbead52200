"""The lab itself: a real Xen, its tools, guests of each kind by plain xl, and a network of two hosts."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.live.xenlab import guests
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.recipe import CHECKOUT, GUESTS, LIB, SITE, XEN_PYTHON
from tests.live.xenlab.words import LabError
from tests.support.live import until

pytestmark = [pytest.mark.xen, pytest.mark.timeout(900)]

CARD = 'vif = ["mac=00:16:3e:00:00:11,bridge=xenbr0"]'


def gone(host: XenHost, name: str) -> None:
    """xl's shutdown -w returns while a domain is still being taken down."""
    until(lambda: host.run("xl", "domid", name).code != 0, f"{name} is gone", every=0.3)


def test_the_hypervisor_answers_its_own_tool(xen_host: XenHost) -> None:
    info = xen_host.ok("xl", "info")
    assert "xen_version            : 4.17" in info
    assert "host                   : xen1\n" in info


@pytest.mark.full  # xend and its tests import most of it
def test_dom0s_python_is_complete_and_reaches_the_hypervisor(xen_host: XenHost) -> None:
    program = (
        "import asyncio, ctypes, fastapi, lzma, multiprocessing, pydantic, sqlite3, ssl, xenia\n"
        "import xen.lowlevel.xc, xen.lowlevel.xs\n"
        "print(xen.lowlevel.xc.xc().domain_getinfo()[0]['domid'])"
    )
    said = xen_host.run("python3", "-SP", "-c", program, env={"PYTHONPATH": f"{SITE}:{LIB}:{XEN_PYTHON}"})
    assert (said.code, said.out) == (0, "0\n"), said


def test_programs_are_run_with_input_environment_and_an_end(xen_host: XenHost) -> None:
    said = xen_host.run("sh", "-c", 'cat; echo "$WORD" >&2; exit 3', stdin=b"in", env={"WORD": "err"})
    assert (said.code, said.out, said.err) == (3, "in", "err\n")
    assert xen_host.run("sleep", "60", timeout=0.1).code == 124
    with pytest.raises(LabError, match="no-such-program"):
        xen_host.run("no-such-program")
    xen_host.put("/tmp/lab/file", b"\0content", 0o600)
    assert xen_host.get("/tmp/lab/file") == b"\0content"
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda number: xen_host.ok("echo", str(number)), range(8)))
    assert answers == [f"{number}\n" for number in range(8)]


@pytest.mark.full  # the same by xm: test_pv
def test_a_pv_guest_comes_up_answers_and_shuts_down(xen_host: XenHost) -> None:
    disk = f'disk = ["format=raw,vdev=xvda,access=rw,target={GUESTS}/disk.raw"]'
    xen_host.put("/etc/xen/one.cfg", guests.file("pv", "one", CARD, disk, extra="xenia.address=10.9.0.11/24").encode())
    xen_host.ok("xl", "create", "/etc/xen/one.cfg")
    xen_host.hears("one", guests.marker("one"))
    xen_host.ok("ping", "-c", "1", "-w", "60", "10.9.0.11")
    xen_host.ok("xl", "shutdown", "-w", "one")
    gone(xen_host, "one")


@pytest.mark.full  # the same by xm: test_pvh
def test_a_pvh_guest_comes_up_reboots_and_crashes(xen_host: XenHost) -> None:
    xen_host.put("/etc/xen/two.cfg", guests.file("pvh", "two", 'on_crash = "destroy"').encode())
    xen_host.ok("xl", "create", "/etc/xen/two.cfg")
    xen_host.hears("two", guests.marker("two"))
    first = xen_host.ok("xl", "domid", "two")
    xen_host.ok("xl", "reboot", "two")
    until(lambda: xen_host.run("xl", "domid", "two").out not in ("", first), "two is there again", every=0.3)
    xen_host.hears("two", guests.marker("two"), times=2)
    xen_host.ok("xl", "sysrq", "two", "c")
    gone(xen_host, "two")


@pytest.mark.full  # the same by xm: test_hvm
def test_a_boot_sector_runs_as_an_hvm_guest(xen_host: XenHost) -> None:
    xen_host.put("/etc/xen/three.cfg", guests.file("sector", "three").encode())
    xen_host.ok("xl", "create", "/etc/xen/three.cfg")
    xen_host.hears("three", f"{guests.COUNT}0003")
    xen_host.ok("xl", "destroy", "three")


@pytest.mark.full  # a xend without its imports takes half a minute
def test_the_programs_themselves_start_and_reach_each_other(xen_host: XenHost) -> None:
    xen_host.stop_xend()
    xen_host.start_xend(cold=True)
    assert "Domain-0" in xen_host.ok("xm", "list")
    xen_host.stop_xend()
    assert xen_host.run("xm", "list").code != 0


@pytest.mark.full  # test_contract does it as well
def test_pytest_runs_in_dom0(xen_host: XenHost) -> None:
    said = xen_host.pytest("tests/lib/test_codec.py")
    assert (said.code, "passed" in said.out) == (0, True), said


def test_a_host_ends_with_the_program_that_started_it(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys; from tests.live.xenlab.host import XenHost\n"
        "print(XenHost(folder=pathlib.Path(sys.argv[1])).pid, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        process = Path("/proc") / starter.stdout.readline().strip()
        assert b"qemu-system" in (process / "cmdline").read_bytes()
        starter.kill()
    until(lambda: not process.exists() or not (process / "cmdline").read_bytes(), "QEMU has ended")


@pytest.mark.full  # nothing moves between hosts yet
def test_two_hosts_reach_each_other(xen_pair: tuple[XenHost, XenHost]) -> None:
    left, right = xen_pair
    left.ok("ping", "-c", "1", "-w", "30", "10.9.0.2")
    right.ok("ping", "-c", "1", "-w", "30", "xen1")
    assert left.ok("ssh", "xen2", "hostname") == "xen2\n"
    assert right.ok("ssh", "xen1", "hostname") == "xen1\n"
