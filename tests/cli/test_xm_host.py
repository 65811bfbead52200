from __future__ import annotations

import json
from typing import Any

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import FakeXend, job, problem

LAST = 1 << 31


def member(domain: str, number: int = LAST, problem: str = "", **order: Any) -> dict[str, Any]:
    return {
        "link": f"/etc/xen/auto/{domain}.cfg",
        "file": f"/etc/xen/{domain}.cfg",
        "domain": domain,
        "number": number,
        "order": {"after": [], "delay": 0, "stop_timeout": None, **order},
        "problem": problem,
    }


def row(domain: str, state: str, detail: str = "") -> dict[str, Any]:
    return {"domain": domain, "state": state, "detail": detail, "at": 1000.0}


def run(kind: str, *rows: dict[str, Any], ended: float | None = 1001.0, notes: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"kind": kind, "boot": "b", "began_at": 1000.0, "ended_at": ended, "rows": list(rows), "notes": list(notes)}


def shown(*members: dict[str, Any], last: dict[str, Any] | None = None, obstacle: str = "") -> dict[str, Any]:
    return {"members": list(members), "obstacle": obstacle, "last": last}


def test_the_order_and_what_became_of_each(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    xend.routes["GET /autostart"] = shown(
        member("db", 10, delay=5, stop_timeout=120),
        member("web", after=["db", "dns"]),
        member("bad", problem="/etc/xen/bad.cfg:1:1: no"),
        last=run("host-start", row("db", "started", "id 1"), row("web", "held back", "why"), row("old", "failed", "x")),
        obstacle="xendomains is enabled; systemctl mask xendomains",
    )
    assert xm("autostart") == 0
    out, err = capsys.readouterr()
    lines = [line.split("  ") for line in out.splitlines()]
    assert [line[0].strip() for line in lines] == ["Order", "10", "-", "-", "-"]
    assert "host-start of 1970-01-01 00:16:40" in out
    assert "10     db      -       5 s    120 s  started: id 1\n" in out
    assert "-      web     db,dns  -      -      held back: why\n" in out
    assert "-      old     -       -      -      failed: x\n" in out
    assert err == (
        "xm: /etc/xen/auto/bad.cfg is not started: /etc/xen/bad.cfg:1:1: no\n"
        "xm: nothing starts with the host: xendomains is enabled; systemctl mask xendomains\n"
    )
    assert xm("autostart", "-o", "json") == 0
    assert json.loads(capsys.readouterr().out)["members"][0]["domain"] == "db"


def test_nothing_starts(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["GET /autostart"] = shown(obstacle="no matter")
    assert xm("autostart") == 0
    assert capsys.readouterr() == ("Nothing starts with the host.\n", "")


def test_a_link_is_made_and_taken_away(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    linked = {"domain": "web", "file": "/etc/xen/web.cfg", "link": "/etc/xen/auto/10-web.cfg", "changed": True}
    xend.routes["PUT /autostart/web"] = [linked, linked | {"changed": False}]
    xend.routes["DELETE /autostart/web"] = [linked | {"link": ""}, linked | {"link": "", "changed": False}]
    assert xm("autostart", "web", "--order", "10") == 0
    assert xm("autostart", "web") == 0
    assert xm("autostart", "web", "--disable") == 0
    assert xm("autostart", "web", "--disable") == 0
    assert capsys.readouterr().out.splitlines() == [
        "web starts with the host: /etc/xen/auto/10-web.cfg",
        "web starts with the host already: /etc/xen/auto/10-web.cfg",
        "web does not start with the host.",
        "web does not start with the host, as before.",
    ]
    assert [request[2] for request in xend.requests[:2]] == [{"number": 10}, {"number": None}]


@pytest.mark.parametrize(
    "words",
    [
        ("--disable",),
        ("--order", "1"),
        ("web", "--order", "1", "--disable"),
        ("web", "--order", "x"),
        ("web", "--order", "-1"),
        ("web", "--order", "1000000"),
        ("",),
        ("/etc/xen/web.cfg",),
        ("web", "db"),
    ],
)
def test_wrong_words(xend: FakeXend, xm: Xm, words: tuple[str, ...]) -> None:
    assert xm("autostart", *words) == 2
    assert xend.requests == []


def test_host_start_prints_each_as_it_comes(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    first = run("host-start", row("db", "starting"), row("web", "waiting"), row("bad", "failed", "no"), ended=None)
    second = run(
        "host-start", row("db", "started", "id 1"), row("web", "waiting"), row("bad", "failed", "no"), ended=None
    )
    end = run("host-start", row("db", "started", "id 1"), row("web", "started", "id 2"), row("bad", "failed", "no"))
    xend.routes["POST /host/start"] = {"job": job("host-start", "running")}
    xend.routes["GET /autostart"] = [shown(last=first), shown(last=second), shown(last=end)]
    xend.routes["GET /jobs/7"] = [
        {"job": job("host-start", "running")},
        {"job": job("host-start")},
    ]
    assert xm("host-start") == 1
    assert capsys.readouterr() == (
        "db: started: id 1\nweb: started: id 2\n",
        "xm: bad: failed: no\nxm: not started: 1 of 3\n",
    )


def test_host_start_of_nothing_and_refused(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /host/start"] = [
        {"job": job("host-start")},
        problem("xendomains is enabled", "conflict", 409, 5, hint="systemctl mask xendomains"),
    ]
    xend.routes["GET /autostart"] = shown(last=run("host-start"))
    assert xm("host-start") == 0
    assert capsys.readouterr().out == "There is nothing to start.\n"
    assert xm("host-start") == 5
    assert "systemctl mask xendomains" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "timeout", "states", "code"),
    [
        ((), None, ("stopped", "stopped"), 0),
        (("--timeout", "60"), 60.0, ("stopped", "destroyed"), 6),
        (("--now",), 0, ("destroyed", "destroyed"), 0),
        ((), None, ("destroyed", "failed"), 1),
    ],
)
def test_host_stop_ends_with_what_became_of_them(
    xend: FakeXend, xm: Xm, words: tuple[str, ...], timeout: float | None, states: tuple[str, ...], code: int
) -> None:
    rows = (row(name, state) for name, state in zip(("web", "db"), states, strict=True))
    xend.routes["POST /host/stop"] = {"job": job("host-stop")}
    xend.routes["GET /autostart"] = shown(last=run("host-stop", *rows))
    assert xm("host-stop", *words) == code
    assert xend.requests[0][2] == {"timeout": timeout}


def test_host_stop_prints_each_as_it_comes(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    first = run("host-stop", row("db", "waiting"), row("web", "stopping", "90 s at most"), ended=None)
    end = run(
        "host-stop",
        row("db", "stopped"),
        row("web", "destroyed", "it had not shut down within 90 s"),
        notes=("save is not possible yet",),
    )
    xend.routes["POST /host/stop"] = {"job": job("host-stop", "running")}
    xend.routes["GET /autostart"] = [shown(last=first), shown(last=end)]
    xend.routes["GET /jobs/7"] = {"job": job("host-stop")}
    assert xm("host-stop") == 6
    assert capsys.readouterr() == (
        "web: stopping: 90 s at most\ndb: stopped\nweb: destroyed: it had not shut down within 90 s\n",
        "xm: save is not possible yet\n",
    )
    assert xm("host-stop", "-q") == 6
    assert capsys.readouterr().out == ""
    assert xm("host-stop", "-o", "json") == 6
    assert json.loads(capsys.readouterr().out) == end


def test_host_stop_of_nothing(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /host/stop"] = {"job": job("host-stop")}
    earlier = row("web", "destroyed", "by an earlier stop") | {"at": 999.0}
    xend.routes["GET /autostart"] = shown(last=run("host-stop", earlier))
    assert xm("host-stop") == 0
    assert capsys.readouterr().out == "Nothing runs.\n"


@pytest.mark.parametrize(
    "words", [("--now", "--timeout", "1"), ("--timeout", "0"), ("--timeout", "x"), ("--timeout", "86401"), ("web",)]
)
def test_wrong_words_of_host_stop(xend: FakeXend, xm: Xm, words: tuple[str, ...]) -> None:
    assert xm("host-stop", *words) == 2
    assert xend.requests == []
