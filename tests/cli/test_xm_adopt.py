from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job, problem

ROUTE = "POST /domains/old/adopt?wait=30"
RESULT = {"domain": "old", "file": "/etc/xen/old.cfg", "differs": []}


def test_it_says_where_the_domain_is_defined_now(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes[ROUTE] = {"job": job("adopt", result=RESULT)}
    assert xm("adopt", "old") == 0
    assert capsys.readouterr() == ("Adopted domain old, defined by /etc/xen/old.cfg\n", "")


def test_what_the_file_has_otherwise_is_told(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes[ROUTE] = {"job": job("adopt", result=RESULT | {"differs": ["memory", "disks"]})}
    assert xm("adopt", "old") == 0
    assert "differs from what runs in: memory, disks" in capsys.readouterr().err


def test_programs_get_json(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes[ROUTE] = {"job": job("adopt", result=RESULT)}
    assert xm("adopt", "-o", "json", "old") == 0
    assert json.loads(capsys.readouterr().out) == RESULT


def test_what_is_xends_own_already_is_refused(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes[ROUTE] = problem("domain 'old' is xend's own already", "conflict", 409, 5)
    assert xm("adopt", "old") == 5
    assert "own already" in capsys.readouterr().err
