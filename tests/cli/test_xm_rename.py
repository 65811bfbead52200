from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job, problem

ROUTE = "POST /domains/web/rename?wait=30"


def test_the_file_that_was_edited_is_named(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    result = {"domain": "www", "file": "/etc/xen/web.cfg", "notes": ["/etc/xen/b.cfg still says name = 'web'"]}
    xend.routes[ROUTE] = {"job": job("rename", result=result)}
    assert xm("rename", "web", "www") == 0
    assert capsys.readouterr() == (
        "/etc/xen/web.cfg says name = 'www' now\n",
        "xm: /etc/xen/b.cfg still says name = 'web'\n",
    )
    assert xend.requests[0][2] == {"name": "www"}
    assert xm("rename", "-o", "json", "web", "www") == 0
    assert json.loads(capsys.readouterr().out) == result


def test_without_a_file_it_is_silent(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes[ROUTE] = {"job": job("rename", result={"domain": "www", "file": "", "notes": []})}
    assert xm("rename", "web", "www") == 0
    assert capsys.readouterr() == ("", "")


def test_a_taken_name_is_a_conflict(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes[ROUTE] = problem("a domain named 'www' exists already (id 2)", "conflict", 409, 5)
    assert xm("rename", "web", "www") == 5
    assert xm("rename", "web") == 2
