from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, domain, problem

from xenia.lib.codec import to_plain
from xenia.model.host import Capability, EngineReport, Host

HOST = Host("host.example.com", "6.1.0", "#1 SMP", "x86_64", 4, 1, 2, 1, 2800, "", 16378, 8004, 0.0, 0.0)
ENGINE = EngineReport(
    "qemu",
    "7.2",
    True,
    "",
    "tcg",
    "the KVM probe did not boot",
    frozenset(Capability),
    {"qemu_machine": "pc\x1b"},
    {"scheduling": "no cgroup v2"},
)


@pytest.fixture
def answer(xend: FakeXend) -> dict[str, Any]:
    told = {
        "host": to_plain(HOST),
        "engine": to_plain(ENGINE),
        "choice": "the host is not booted into Xen",
        "other_engines": [to_plain(EngineReport("xen", reason="this host is not booted into Xen"))],
        "xend": {"version": "0.1.0", "root": "/"},
    }
    xend.routes["GET /host"] = told
    return told


def test_the_lines_have_the_form_and_order_of_xm(
    answer: dict[str, Any], xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    assert xm("info") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "host                   : host.example.com",
        "release                : 6.1.0",
        "version                : #1 SMP",
        "machine                : x86_64",
    ]
    assert [line.split()[0] for line in lines[4:12]] == [
        "nr_cpus",
        "nr_nodes",
        "cores_per_socket",
        "threads_per_core",
        "cpu_mhz",
        "virt_caps",
        "total_memory",
        "free_memory",
    ]


def test_the_engine_says_what_it_is_and_why(answer: dict[str, Any], xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xm("info")
    lines = dict(line.split(":", 1) for line in capsys.readouterr().out.splitlines())
    told = {key.strip(): value.strip() for key, value in lines.items()}
    assert told["engine"] == "qemu"
    assert told["engine_choice"] == "the host is not booted into Xen"
    assert told["other_engine_xen"] == "not usable: this host is not booted into Xen"
    assert told["engine_usable"] == "yes"
    assert told["accelerator"] == "tcg"
    assert told["accelerator_reason"] == "the KVM probe did not boot"
    assert told["capabilities"].split() == sorted(Capability)
    assert told["qemu_machine"] == "pc\\x1b"
    assert told["no_scheduling"] == "no cgroup v2"
    assert told["xend_version"] == "0.1.0"


def test_programs_get_the_whole_answer(answer: dict[str, Any], xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("info", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == answer
    assert xm("info", "-o", "yaml") == 0
    assert yaml.safe_load(capsys.readouterr().out) == answer


def test_domid_and_domname_answer_each_other(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains/web"] = xend.routes["GET /domains/3"] = {"domain": domain("web\x07", 3)}
    assert xm("domid", "web") == 0
    assert xm("domname", "3") == 0
    assert capsys.readouterr().out == "3\nweb\\x07\n"


def test_a_domain_that_does_not_run_has_no_id(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /domains/web"] = {"domain": domain(domid=None, state="defined")}
    assert xm("domid", "web") == 5
    assert "xm create /etc/xen/web.cfg" in capsys.readouterr().err


def test_an_unknown_domain_is_not_found(xend: FakeXend, xm: Xm) -> None:
    xend.routes["GET /domains/9"] = problem("there is no domain 9")
    assert xm("domname", "9") == 3


def test_the_settings_are_shown_instead(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    values = {"roots": ["/srv"], "uid_base": 1, "dom0_ballooning": False}
    xend.routes["GET /host/settings"] = {"settings": [{"name": name, "value": each} for name, each in values.items()]}
    assert xm("info", "-c") == 0
    assert capsys.readouterr().out == (
        "roots                  : /srv\nuid_base               : 1\ndom0_ballooning        : no\n"
    )
    assert xm("info", "--config", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["uid_base"] == 1


def test_the_topology_has_the_columns_of_xl(
    answer: dict[str, Any], xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    xend.routes["GET /host/topology"] = {
        "cpus": [
            {"number": 0, "core": 0, "socket": 0, "node": 0},
            {"number": 11, "core": 5, "socket": 1, "node": None},
        ],
        "nodes": [{"number": 0, "memory": 130048, "free": 489, "distances": [10, 21]}],
    }
    assert xm("info", "-n") == 0
    assert capsys.readouterr().out.endswith(
        "cpu_topology           :\n"
        "cpu:    core    socket     node\n"
        "  0:       0        0        0\n"
        " 11:       5        1        -\n"
        "numa_info              :\n"
        "node:    memsize    memfree    distances\n"
        "   0:    130048        489      10,21\n"
    )
    assert xm("info", "-n", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["topology"]["nodes"][0]["free"] == 489


def test_what_clones_hold_that_are_ready_is_told(
    answer: dict[str, Any], xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    answer["warm"] = {"wanted": 3, "ready": 2, "memory": 100 << 20, "problem": ""}
    assert xm("info") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "warm_clones            : 2 of 3" in lines
    assert "warm_clones_memory     : 100" in lines
