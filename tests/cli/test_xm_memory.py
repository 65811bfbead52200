from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job

RESULT = {"domain": "web", "memory": 512, "file": "/etc/xen/web.cfg", "notes": ["it has 256 MiB so far"]}


@pytest.mark.parametrize(
    ("word", "size"),
    [
        ("512", 512),
        ("512m", 512),
        ("512M", 512),
        ("2g", 2048),
        ("1t", 1 << 20),
        ("524288k", 512),
        ("524289k", 512),
        (f"{512 << 20}b", 512),
    ],
)
def test_sizes_are_in_mib_or_with_a_letter(xend: FakeXend, xm: Xm, word: str, size: int) -> None:
    xend.routes["POST /domains/web/mem-set?wait=30"] = {"job": job("mem-set", result=RESULT)}
    assert xm("mem-set", "web", word) == 0
    assert xend.requests[0][2] == {"size": size, "scope": "both"}


@pytest.mark.parametrize("word", ["", "much", "5x", "m", "-5", "1.5g", "٥", "0", "1000k", "9" * 30])
def test_what_is_no_size_is_refused(xend: FakeXend, xm: Xm, word: str) -> None:
    assert xm("mem-set", "web", word) == 2
    assert xend.requests == []


@pytest.mark.parametrize(
    ("words", "scope"),
    [((), "both"), (("--live",), "live"), (("--config",), "config"), (("--live", "--config"), "both")],
)
def test_where_the_change_is_made(xend: FakeXend, xm: Xm, words: tuple[str, ...], scope: str) -> None:
    xend.routes["POST /domains/web/mem-max?wait=30"] = {"job": job("mem-max", result=RESULT)}
    assert xm("mem-max", *words, "web", "512") == 0
    assert xend.requests[0][2]["scope"] == scope


def test_what_came_of_it_is_said(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /domains/web/mem-set?wait=30"] = {"job": job("mem-set", result=RESULT)}
    assert xm("mem-set", "web", "512") == 0
    assert capsys.readouterr() == ("/etc/xen/web.cfg says so now, for the next start\n", "xm: it has 256 MiB so far\n")
    assert xm("balloon", "web", "512", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out) == RESULT
