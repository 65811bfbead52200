"""Our own output beside real output of xm, line by line: the same state has the same columns and forms."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, domain

OUTPUT = Path(__file__).parents[3] / "shared/corpus/xm-output"
pytestmark = pytest.mark.skipif(not OUTPUT.is_dir(), reason="the corpus ../shared/corpus is not here")

FACTS = ("xen_", "platform_", "hw_", "cc_")
HOST = {
    "name": "host.example.com",
    "release": "3.2.0",
    "version": "#1 SMP Tue Jan  1 00:00:00 UTC 2013",
    "machine": "x86_64",
    "cpus": 4,
    "nodes": 1,
    "cores_per_socket": 2,
    "threads_per_core": 1,
    "cpu_mhz": 2800,
    "virt_caps": "",
    "total_memory": 16378,
    "free_memory": 8004,
}
NOT_TOLD = {"node_to_cpu", "node_to_memory", "node_to_dma32_mem", "max_node_id", "xend_config_format", "xen_scheduler"}
"""Lines of xm info that ours has not, and why: docs/guide/drop-in.md."""


def _domains(text: str) -> list[dict[str, Any]]:
    """The domains of a list, as xend tells them."""
    rows = []
    for line in text.splitlines()[1:]:
        name, domid, memory, vcpus, letters, seconds = line.split()
        rows.append(
            domain(name, int(domid), memory=int(memory), vcpus=int(vcpus), letters=letters, cpu_time=float(seconds))
        )
    return rows


@pytest.mark.parametrize(
    "name",
    [
        "xen-xm-list-4.0.1-dom0-only",
        "xen-xm-list-4.0.1-four-instances",
        "xen-xl-list-4.4-crashed-instances",
    ],
)
def test_a_list(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], name: str) -> None:
    text = (OUTPUT / f"{name}.txt").read_text()
    xend.routes["GET /domains?all=false"] = {"domains": _domains(text)}
    assert xm("list") == 0
    assert capsys.readouterr().out == text


def test_the_uptime(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Word by word: a name in the collection was changed, and with it the width of its line."""
    text = (OUTPUT / "xen-xm-uptime-4.0.1.txt").read_text()
    rows = []
    for line in text.splitlines()[1:]:
        found = re.fullmatch(r"(\S+) +(\d+) (\d+) days, +(\d+):(\d+):(\d+)", line)
        assert found is not None
        days, hours, minutes, seconds = map(int, found.groups()[2:])
        uptime = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        rows.append(domain(found[1], int(found[2]), started_at=1e9 - uptime))
    xend.routes["GET /domains?all=false"] = {"domains": rows}
    monkeypatch.setattr("time.time", lambda: 1e9)
    assert xm("uptime") == 0
    ours = capsys.readouterr().out.splitlines()
    assert [line.split() for line in ours] == [line.split() for line in text.splitlines()]
    assert ours[:2] == text.splitlines()[:2]


def test_the_info(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    told = dict(_lines((OUTPUT / "xen-xm-info-4.0.1.txt").read_text()))
    facts = {key: value for key, value in told.items() if key.startswith(FACTS) and key not in NOT_TOLD}
    engine = {
        **{"name": "xen", "version": "4.0.1", "usable": True, "reason": "", "accelerator": "xen"},
        **{"accelerator_reason": "", "capabilities": [], "facts": facts},
    }
    xend.routes["GET /host"] = {"host": HOST, "engine": engine, "choice": "", "other_engines": [], "xend": {}}
    assert xm("info") == 0
    ours = dict(_lines(capsys.readouterr().out))
    assert {key: value for key, value in told.items() if key not in NOT_TOLD}.items() <= ours.items()
    assert told.keys() - ours.keys() == NOT_TOLD
    host = [key for key in told if key not in NOT_TOLD and not key.startswith(FACTS)]
    assert host == list(ours)[: len(host)]


def _lines(text: str) -> list[tuple[str, str]]:
    """Keys and values; the colon is in xm's column."""
    lines = text.splitlines()
    assert all(line[23:25] == ": " or line[23:] == ":" for line in lines)
    return [(line[:23].strip(), line[25:].strip()) for line in lines]


def test_the_long_list_has_the_same_keys_in_the_same_order(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of what a domain is; the hypervisor's own page numbers and notes of the kernel are not told by xend."""
    text = (OUTPUT / "xen-xm-list-long-4.0.1.txt").read_text()
    theirs = re.findall(r"^    \((\w+)", text.split("(domain\n")[2], re.MULTILINE)
    answer = {"domain": domain("instance1.example.com", 119, started_at=1.0), "config": None, "macs": []}
    xend.routes["GET /domains?all=false"] = {"domains": [answer["domain"]]}
    xend.routes[f"GET /domains/{domain()['uuid']}"] = answer
    assert xm("list", "--long") == 0
    ours = re.findall(r"^    \((\w+)", capsys.readouterr().out, re.MULTILINE)
    left_out = {"description", "store_mfn", "console_mfn"}
    nothing = {"device"}  # the domain of this test has none
    assert [key for key in theirs if key not in left_out | nothing] == ours
