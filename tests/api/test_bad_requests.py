"""Whatever is sent, the answer is a problem in one shape and xend goes on."""

import asyncio
import json
import logging
from typing import Any

import pytest
from tests.support.xend import Xend

LONG = "x" * (1 << 21)


async def refused(xend: Xend, path: str, content: Any, status: int, *, method: str = "POST", **headers: str) -> str:
    """The detail of the problem that answers `content`."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    sent = {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await xend.client.request(method, f"/v1{path}", content=body, headers=sent)
    problem = answer.json()
    assert answer.status_code == problem["status"] == status, problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"title", "detail", "kind", "hint", "exit_code"} <= set(problem)
    assert "Traceback" not in answer.text
    return str(problem["detail"])


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "body"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"null", "body"),
        (b"[]", "body"),
        (b'"text"', "body"),
        ({}, "body.text"),
        ({"text": 1}, "body.text"),
        ({"text": None}, "body.text"),
        ({"text": "a", "paused": 1}, "body.paused"),
        ({"text": "a", "paused": "true"}, "body.paused"),
        ({"text": "a", "overrides": "memory=1"}, "body.overrides"),
        ({"text": "a", "overrides": [1]}, "body.overrides.0"),
        ({"text": "a", "file": False}, "body.file"),
        ({"text": "a", "colour": "red"}, "body.colour"),
        (b'{"text": "\\ud800"}', "body.text"),
        (b'{"text": "a", "file": "/\\udfff"}', "body.file"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused_by_name(xend: Xend, content: Any, word: str) -> None:
    for path in ("/domains", "/plan", "/check"):
        assert word in await refused(xend, path, content, 422)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"text": ' + b"9" * 5000 + b"}", b'{"text": "\xff"}'])
async def test_a_body_that_python_cannot_read_is_refused(xend: Xend, content: bytes) -> None:
    assert "body" in await refused(xend, "/plan", content, 400)


async def test_a_missing_content_type_is_explained(xend: Xend) -> None:
    answer = await xend.client.post(
        "/v1/domains", content=b'{"text": "name=one"}', headers={"content-type": "text/plain"}
    )
    assert answer.status_code == 422
    assert "Content-Type: application/json" in answer.json()["hint"]


async def test_many_mistakes_are_told_shortly(xend: Xend) -> None:
    detail = await refused(xend, "/domains", {f"member{number}" * 100: 1 for number in range(50)}, 422)
    assert "46 more" in detail
    assert len(detail) < 1000


@pytest.mark.parametrize("wait", ["-1", "3601", "nan", "inf", "x", ""])
async def test_a_wait_beyond_its_bounds_is_refused(xend: Xend, wait: str) -> None:
    assert "query.wait" in await refused(xend, f"/domains?wait={wait}", {"text": "name=one"}, 422)
    assert "query.wait" in await refused(xend, f"/jobs/1?wait={wait}", b"", 422, method="GET")


@pytest.mark.parametrize("body", [{"until_gone": 1}, {"until_gone": "yes"}, {"force": True}, [], 5])
async def test_an_operation_takes_nothing_unknown(xend: Xend, body: Any) -> None:
    assert "body" in await refused(xend, "/domains/x/shutdown", body, 422)


async def test_a_huge_body_is_refused_before_it_is_read(xend: Xend) -> None:
    assert "1280 KiB" in await refused(xend, "/domains", {"text": LONG}, 413)


async def test_a_huge_body_of_unknown_length_is_refused_on_the_way(xend: Xend) -> None:
    async def chunks() -> Any:
        for _ in range(64):
            yield b" " * (1 << 16)

    answer = await xend.client.post("/v1/plan", content=chunks(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


async def test_a_large_guest_file_within_the_bound_is_taken(xend: Xend) -> None:
    answer = await xend.post("/plan", {"text": "name=one" + " " * (1 << 20)})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        ("GET", "/nothing", 404, "/v1/nothing"),
        ("GET", "/", 404, "/v1/"),
        ("POST", "/domains/x/explode", 404, "explode"),
        ("POST", "/domains/x/create", 404, "create"),
        ("DELETE", "/domains", 405, "Method Not Allowed"),
        ("PUT", "/host", 405, "Method Not Allowed"),
        ("GET", "/jobs/x", 422, "path.number"),
        ("GET", "/jobs/-1", 422, "path.number"),
        ("GET", "/jobs/" + "9" * 30, 422, "path.number"),
        ("GET", "/jobs/77", 404, "77"),
        ("GET", "/domains/nobody", 404, "nobody"),
        ("GET", "/domains/" + "9" * 300, 422, "path.ref"),
        ("GET", "/domains/%1b%5b2J", 404, "there is no domain"),
        ("GET", "/domains?all=perhaps", 422, "query.all"),
        ("GET", "/domains/0/console", 404, "console"),
    ],
)
async def test_unknown_routes_methods_and_names_have_the_same_shape(
    xend: Xend, method: str, path: str, status: int, word: str
) -> None:
    assert word in await refused(xend, path, b"", status, method=method)


async def test_an_answer_is_pure_ascii_whatever_the_name_is(xend: Xend) -> None:
    answer = await xend.client.get("/v1/domains/%1b%5b2J%c2%9b%e2%80%ae")
    assert answer.content.isascii()
    assert b"\x1b" not in answer.content


@pytest.mark.parametrize(
    "content",
    [
        b"nonsense\r\n\r\n",
        b"GET /v1/host HTTP/1.1\r\n\r\n",
        b"GET /v1/host HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"GET /v1/host HTTP/1.1\r\nHost: x\r\nX: " + b"y" * (1 << 18) + b"\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_told_so_as_a_problem(xend: Xend, content: bytes) -> None:
    status, problem = await xend.raw(content)
    assert (status, problem["status"], problem["kind"]) == (400, 400, "invalid")


async def test_a_defect_is_logged_and_told_without_a_traceback(
    xend: Xend, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(xend.manager, "host", broken)
    answer = await xend.get("/host")
    assert (answer.status_code, answer.json()["kind"]) == (500, "internal")
    assert "secret" not in answer.text
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "secret of the house" in (record.exc_text or "")


async def test_clients_that_vanish_midway_do_no_harm(xend: Xend, caplog: pytest.LogCaptureFixture) -> None:
    xend.world.host.deaf.add("deaf")
    await xend.create("deaf")
    body = b'{"until_gone": true}'
    head = b"POST /v1/domains/deaf/shutdown?wait=3600 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    for content in (
        b"GET /v1/hos",
        head + b"Content-Length: 100\r\n\r\n{",
        head + b"Content-Length: %d\r\n\r\n" % len(body) + body,
    ):
        _, writer = await asyncio.open_unix_connection(xend.socket)
        writer.write(content)
        await writer.drain()
        assert (await xend.get("/domains")).status_code == 200
        writer.close()
        await writer.wait_closed()
    assert (await xend.post("/domains/deaf/destroy", wait=10)).status_code == 200
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []
