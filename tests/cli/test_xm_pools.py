from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job

POOLS = {
    "pools": [
        {"name": "Pool-0", "scheduler": "credit2", "cpus": [0, 1], "domains": 2},
        {"name": "e", "scheduler": "credit", "cpus": [], "domains": 0},
    ],
    "free": [2],
}


def test_the_table_is_xls(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /cpupools"] = POOLS
    assert xm("cpupool-list") == 0
    assert capsys.readouterr().out == (
        "Name               CPUs   Sched     Active   Domain count\n"
        "Pool-0                2   credit2       y          2\n"
        "e                     0    credit       y          0\n"
    )
    assert xm("cpupool-list", "-c", "Pool-0") == 0
    assert capsys.readouterr().out == "Name               CPU list\nPool-0             0,1\n"
    assert xm("cpupool-list", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == POOLS
    assert xm("cpupool-list", "nix") == 3


@pytest.mark.parametrize(
    ("words", "route", "body"),
    [
        (("create", "fast", "-c", "2-3"), "POST /cpupools", {"name": "fast", "scheduler": "credit2", "cpus": "2-3"}),
        (("create", "e", "-s", "null"), "POST /cpupools", {"name": "e", "scheduler": "null", "cpus": ""}),
        (("destroy", "fast"), "DELETE /cpupools/fast", None),
        (("cpu-add", "fast", "2"), "POST /cpupools/fast/cpu-add", {"cpus": "2"}),
        (("cpu-remove", "fast", "0-7,^1"), "POST /cpupools/fast/cpu-remove", {"cpus": "0-7,^1"}),
        (("rename", "fast", "quick"), "POST /cpupools/fast/rename", {"name": "quick"}),
        (("numa-split",), "POST /cpupools/numa-split", {}),
    ],
)
def test_changes_are_asked_for_and_silent(
    xend: FakeXend,
    xm: Xm,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    route: str,
    body: dict[str, str] | None,
) -> None:
    xend.routes[route] = POOLS
    assert xm(f"cpupool-{words[0]}", *words[1:]) == 0
    assert capsys.readouterr() == ("", "")
    assert xend.requests[0][2] == body


def test_a_domain_is_moved(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    result = {"domain": "web", "file": "/etc/xen/web.cfg", "notes": []}
    xend.routes["POST /domains/web/cpupool-migrate?wait=30"] = {"job": job("cpupool-migrate", result=result)}
    assert xm("cpupool-migrate", "web", "fast") == 0
    assert capsys.readouterr().out == "/etc/xen/web.cfg says so now, for the next start\n"
    assert xend.requests[0][2] == {"pool": "fast", "scope": "both"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("create",), 2),
        (("create", "name=fast"), 2),
        (("destroy", "a/b"), 3),
        (("destroy", ""), 3),
        (("rename", "fast"), 2),
        (("numa-split", "x"), 2),
    ],
)
def test_what_is_no_pool_is_refused(xend: FakeXend, xm: Xm, words: tuple[str, ...], code: int) -> None:
    assert xm(f"cpupool-{words[0]}", *words[1:]) == code
    assert xend.requests == []
