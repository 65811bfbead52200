"""Options of xm (3.2 to 4.4) and of xl (4.17), one by one: they do what they did, change nothing, or are refused with
the reason.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import UUID, FakeXend, domain, job, problem

from xenia.cli.commands import TABLE, resolve
from xenia.cli.options import Needless, Refused
from xenia.cli.parser import Parser

JOB = {"job": job(result={"domain": "web", "domid": 3, "uuid": UUID})}
CREATE = ("POST", "/domains?wait=30")
SHUTDOWN = ("POST", "/domains/web/shutdown?wait=30")
REBOOT = ("POST", "/domains/web/reboot?wait=30")
LIST = ("GET", "/domains?all=false")


@pytest.fixture
def xend(xend: FakeXend, root: Path) -> FakeXend:
    (root / "web.cfg").write_text("name='web'\nmemory=64\n")
    xend.routes["POST /domains"] = JOB
    for operation in ("shutdown", "reboot", "destroy"):
        xend.routes[f"POST /domains/web/{operation}"] = JOB
    for query in ("?all=false", "?all=false&addresses=true"):
        xend.routes[f"GET /domains{query}"] = {"domains": [domain(started_at=1.0)]}
    xend.routes["GET /domains/web"] = {"domain": domain(), "config": None, "macs": []}
    xend.routes["GET /domains/web/start-file"] = {"domain": "web", "file": str(root / "web.cfg")}
    return xend


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("create -q web.cfg", CREATE),
        ("create --path=.:/etc/xen web", CREATE),
        ("create -f web.cfg memory=32", CREATE),
        ("create --defconfig=web.cfg", CREATE),
        ("create -s web.cfg", CREATE),
        ("create --skipdtd web.cfg", CREATE),
        ("create -p web.cfg", CREATE),
        ("create -e -d web.cfg", CREATE),
        ("start -p web", CREATE),
        ("shutdown -H web", SHUTDOWN),
        ("shutdown -R web", REBOOT),
        ("shutdown -F web", SHUTDOWN),
        ("reboot -F web", REBOOT),
        ("list -v", ("GET", "/domains?all=false&addresses=true")),
        ("uptime -s", LIST),
    ],
)
def test_what_xm_and_xl_took_is_taken(xend: FakeXend, xm: Xm, words: str, asked: tuple[str, str]) -> None:
    assert xm(*words.split()) == 0
    assert asked in {each[:2] for each in xend.requests}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("create -F web.sxp", "no SXP (xm)"),
        ("create --config web.sxp", "no SXP (xm)"),
        ("create -x web.cfg", "-o json"),
        ("create --xmldryrun web.cfg", "-o json"),
        ("list --label", "no security labels"),
        ("list -Z", "no security labels"),
        ("list --pool=Pool-0", "xm cpupool-list"),
        ("list -c", "xm cpupool-list"),
        ("list -n", "xm vcpu-list"),
        ("console -n 1 web", "-t serial"),
        ("destroy -f 0", "the host itself"),
    ],
)
def test_what_is_refused_is_refused_with_the_reason(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], words: str, why: str
) -> None:
    assert xm(*words.split()) == 2
    assert why in capsys.readouterr().err
    assert xend.requests == []


def test_every_option_that_is_refused_or_needless_says_why() -> None:
    rows: list[Any] = []
    for entry in TABLE:
        if not entry.table:
            rows += Parser(entry.name, resolve([entry.name]).command())._actions
    special = [row for row in rows if isinstance(row, Refused | Needless)]
    assert special
    assert all(row.why and not row.why.endswith(".") for row in special)


def test_a_row_of_the_list_stands_for_a_domain_that_runs(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    defined = domain("old", None, state="defined", letters="------")
    xend.routes["GET /domains/old"] = {"domain": defined, "config": None, "macs": []}
    xend.routes[f"GET /domains/{UUID}"] = {"domain": defined, "config": None, "macs": []}
    assert xm("list", "old") == 5
    out, err = capsys.readouterr()
    assert out == ""
    assert "'old' is not running" in err
    assert xm("list", "--all", "old") == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("old ")
    assert xm("list", "-o", "json", "old") == 0
    assert json.loads(capsys.readouterr().out)[0]["state"] == "defined"
    assert xm("list", "--long", "old") == 0
    assert "(status 0)" in capsys.readouterr().out


def test_of_several_names_those_that_run_have_rows(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    defined = domain("old", None, state="defined", letters="------")
    xend.routes["GET /domains/old"] = {"domain": defined, "config": None}
    xend.routes["GET /domains/nix"] = problem("there is no domain 'nix'")
    assert xm("list", "old", "web", "-o", "name") == 5
    assert capsys.readouterr().out == "web\n"
    assert xm("list", "nix", "old") == 3
    assert capsys.readouterr().out == ""


def test_help_with_all_has_every_name(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("help", "--all") == 0
    page = capsys.readouterr().out
    assert "vif-list           the same as network-list" in page
    assert "config check " in page
    assert "tmem-list" in page
    assert max(map(len, page.splitlines())) <= 120
