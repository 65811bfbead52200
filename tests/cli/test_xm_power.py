from __future__ import annotations

import json

import pytest
from tests.cli.conftest import Xm
from tests.cli.fake_xend import DOMAIN_0, Answer, FakeXend, domain, job, problem

AT_ONCE = ["destroy", "pause", "unpause"]


def asked(xend: FakeXend) -> list[tuple[str, object]]:
    return [(path, body) for method, path, body in xend.requests if method == "POST"]


@pytest.mark.parametrize("operation", [*AT_ONCE, "shutdown", "reboot"])
def test_an_operation_is_asked_for_and_silent(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], operation: str
) -> None:
    xend.routes[f"POST /domains/web/{operation}?wait=30"] = {"job": job(operation)}
    assert xm(operation, "web") == 0
    assert capsys.readouterr() == ("", "")
    assert asked(xend) == [(f"/domains/web/{operation}?wait=30", {"until_gone": False})]


@pytest.mark.parametrize("operation", AT_ONCE)
def test_each_failure_is_told_and_the_first_one_counts(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str], operation: str
) -> None:
    xend.routes[f"POST /domains/a/{operation}?wait=30"] = problem("'a' is paused", "conflict", 409, 5)
    xend.routes[f"POST /domains/b/{operation}?wait=30"] = {"job": job(operation)}
    xend.routes[f"POST /domains/c/{operation}?wait=30"] = problem("no 'c'")
    assert xm(operation, "a", "b", "c") == 5
    assert capsys.readouterr().err == "xm: 'a' is paused\nxm: no 'c'\n"
    assert len(asked(xend)) == 3


def test_an_operation_that_takes_long_is_followed(xend: FakeXend, xm: Xm) -> None:
    xend.routes["POST /domains/web/destroy?wait=30"] = Answer({"job": job("destroy", "running")}, 202)
    error = {"detail": "QEMU does not die", "kind": "engine_failed", "exit_code": 1}
    xend.routes["GET /jobs/7?wait=30"] = {"job": job("destroy", "failed", error=error)}
    assert xm("destroy", "web") == 1


def test_waiting_asks_all_first_and_tells_as_they_end(
    xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, name in enumerate("ab"):
        running = job("shutdown", "running", id=number, domain=name)
        xend.routes[f"POST /domains/{name}/shutdown?wait=0"] = Answer({"job": running}, 202)
        xend.routes[f"GET /jobs/{number}?wait=30"] = {"job": {**running, "state": "done"}}
    assert xm("shutdown", "-w", "a", "b") == 0
    assert capsys.readouterr().out == "Domain a terminated\nDomain b terminated\n"
    assert [path for _, path, _ in xend.requests] == [
        "/domains/a/shutdown?wait=0",
        "/domains/b/shutdown?wait=0",
        "/jobs/0?wait=30",
        "/jobs/1?wait=30",
    ]
    assert asked(xend)[0][1] == {"until_gone": True}


def test_waiting_is_given_up_after_its_time(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /domains/web/shutdown?wait=0"] = Answer({"job": job("shutdown", "running")}, 202)
    xend.routes["GET /jobs/7"] = {"job": job("shutdown", "running")}
    assert xm("shutdown", "-w", "--timeout=0.02", "web") == 6
    assert "xm destroy web" in capsys.readouterr().err


def test_all_means_all_that_run_except_domain_0(xend: FakeXend, xm: Xm) -> None:
    rows = [DOMAIN_0, domain("a", 1, uuid="u-1"), domain("b", 2, uuid="u-2", state="shutdown")]
    xend.routes["GET /domains?all=false"] = {"domains": rows}
    xend.routes["POST /domains/u-1/shutdown?wait=30"] = {"job": job("shutdown")}
    assert xm("shutdown", "-a") == 0
    assert [path for path, _ in asked(xend)] == ["/domains/u-1/shutdown?wait=30"]


def test_all_of_nothing_is_done(xend: FakeXend, xm: Xm) -> None:
    xend.routes["GET /domains?all=false"] = {"domains": [DOMAIN_0]}
    assert xm("shutdown", "-aw") == 0


def test_json_holds_the_jobs_that_ended_well(xend: FakeXend, xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    xend.routes["POST /domains/a/pause?wait=30"] = {"job": job(domain="a")}
    xend.routes["POST /domains/b/pause?wait=30"] = problem("no 'b'")
    assert xm("pause", "a", "b", "-o", "json") == 3
    out, err = capsys.readouterr()
    assert [each["domain"] for each in json.loads(out)] == ["a"]
    assert json.loads(err)["detail"] == "no 'b'"


def test_without_xend_only_one_error_is_told(xm: Xm, capsys: pytest.CaptureFixture[str]) -> None:
    assert xm("destroy", "a", "b") == 7
    assert capsys.readouterr().err.count("cannot reach xend") == 1
