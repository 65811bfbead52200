"""What comes through the door of xenia-web: nothing without a token, and with one what its user may do."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import websockets
from fastapi.routing import iter_route_contexts
from tests.support.xend import URL, Xend

from xenia.api.app import make_app
from xenia.lib.paths import Paths

FROM = "203.0.113.9"
FRONT = {
    ("GET", "/v1/login"),
    ("POST", "/v1/login"),
    ("POST", "/v1/login/security-key"),
    ("POST", "/v1/login/link"),
    ("POST", "/v1/login/handover"),
    ("POST", "/v1/login/oidc"),
    ("POST", "/v1/login/oidc/finish"),
}
"""What is asked by somebody whom nobody knows yet."""


@asynccontextmanager
async def visitor(xend: Xend, secret: str = "") -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"x-xenia-address": FROM} | ({"authorization": f"Bearer {secret}"} if secret else {})
    transport = httpx2.AsyncHTTPTransport(uds=str(xend.web))
    async with httpx2.AsyncClient(transport=transport, base_url=URL, timeout=30, headers=headers) as client:
        yield client


async def log_in(xend: Xend, user: str) -> str:
    async with visitor(xend) as client:
        answer = await client.post("/v1/login", json={"user": user, "password": user[::-1], "label": "a test"})
    assert answer.status_code == 201, answer.text
    secret: str = answer.json()["secret"]
    return secret


def routes(xend: Xend) -> list[tuple[str, str]]:
    """Every route but those of the login, as method and path."""
    found = []
    for route in iter_route_contexts(make_app(xend.doors).routes):
        path = re.sub(r"\{(\w+)(:\w+)?\}", lambda match: "1" if match[1] in ("number", "pid") else "x", str(route.path))
        found += [(method, path) for method in sorted(route.methods or {"WEBSOCKET"})]
    assert set(found) >= FRONT
    return [each for each in found if each not in FRONT]


async def test_no_route_answers_without_a_token(xend: Xend) -> None:
    asked = 0
    async with visitor(xend) as nobody, visitor(xend, "xenia_made-up") as stranger:
        for method, path in routes(xend):
            if method == "WEBSOCKET":
                continue
            for client in (nobody, stranger):
                answer = await client.request(method, path, json={})
                assert (answer.status_code, answer.json()["kind"]) == (401, "unauthenticated"), (method, path)
                assert answer.headers["www-authenticate"] == "Bearer"
                asked += 1
    assert asked > 150
    doors = {path for method, path in routes(xend) if method == "WEBSOCKET"}
    assert doors == {
        *("/v1/domains/x/console", "/v1/domains/x/rdp", "/v1/domains/x/vncviewer"),
        *("/v1/images/upload", "/v1/stream"),
    }
    for path in doors:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.unix_connect(str(xend.web), f"ws://xend{path}", compression=None)
        assert refused.value.response.status_code == 401, path


async def test_what_the_unix_socket_says_of_a_visitor_is_worth_nothing(xend: Xend) -> None:
    """xenia-web may run as whoever: its own user has no rights at this door, not even root."""
    async with visitor(xend) as client:
        assert (await client.get("/v1/domains")).status_code == 401


async def test_at_the_other_door_a_token_changes_nobody(xend: Xend) -> None:
    secret = await log_in(xend, "vic")
    answer = await xend.client.get("/v1/me", headers={"authorization": f"Bearer {secret}"})
    assert (answer.json()["role"], answer.json()["token"]) == ("administrator", "")


async def test_a_login_ends(xend: Xend) -> None:
    async with visitor(xend, await log_in(xend, "ada")) as client:
        me = (await client.get("/v1/me")).json()
        assert (me["name"], me["role"], me["address"]) == ("ada", "administrator", FROM)
        assert [token["label"] for token in (await client.get("/v1/tokens")).json()["tokens"]] == ["a test"]
        assert (await client.post("/v1/logout")).status_code == 200
        assert (await client.get("/v1/me")).status_code == 401
    assert (await xend.client.post("/v1/logout")).status_code == 409


async def test_a_program_gets_a_token_of_its_own(xend: Xend) -> None:
    async with visitor(xend, await log_in(xend, "olga")) as client:
        given = (await client.post("/v1/tokens", json={"label": "metrics", "role": "viewer", "days": 7})).json()
        assert given["token"]["role"] == "viewer"
        async with visitor(xend, given["secret"]) as program:
            assert (await program.get("/v1/domains")).status_code == 200
            assert (await program.post("/v1/domains", json={"text": "name='x'"})).status_code == 403
        assert (await client.post("/v1/tokens", json={"label": "x", "role": "administrator"})).status_code == 403
        assert (await client.post("/v1/tokens", json={"label": "x", "role": "king"})).status_code == 422
        assert (await client.delete(f"/v1/tokens/{given['token']['id']}")).status_code == 200
        assert (await client.delete("/v1/tokens/nothing")).status_code == 404
    async with visitor(xend, given["secret"]) as program:
        assert (await program.get("/v1/domains")).status_code == 401


async def test_who_did_what_is_kept_and_no_secret_with_it(xend: Xend) -> None:
    secret = await log_in(xend, "ada")
    async with visitor(xend, secret) as client:
        await client.post("/v1/login", json={"user": "eve", "password": "hunter2"})
        await client.post("/v1/domains/none/destroy?wait=1", json={})
        await client.get("/v1/domains")
    await xend.client.post("/v1/domains/none/pause", json={})
    told = [(each["user"], each["address"], each["method"], each["path"], each["status"]) for each in xend.audit]
    assert told == [
        ("ada", FROM, "POST", "/v1/login", 201),
        ("eve", FROM, "POST", "/v1/login", 401),
        ("ada", FROM, "POST", "/v1/domains/none/destroy", 404),
        ("root", "", "POST", "/v1/domains/none/pause", 404),
    ]
    assert xend.audit[2]["role"] == "administrator"
    assert secret not in repr(xend.audit)
    assert "hunter2" not in repr(xend.audit)


@pytest.mark.parametrize(
    "body",
    [{}, {"user": "ada"}, {"user": 1, "password": "x"}, {"user": "ada", "password": "x", "role": "administrator"}, []],
)
async def test_what_is_no_login_is_refused(xend: Xend, body: Any) -> None:
    async with visitor(xend) as client:
        answer = await client.post("/v1/login", json=body)
    assert answer.status_code == 422
    assert "ada" not in answer.text


async def test_an_administrator_is_told_who_did_what(xend: Xend, tmp_path: Path) -> None:
    log = Paths(tmp_path).audit
    log.parent.mkdir(parents=True, exist_ok=True)
    deed = {
        "user": "a b",
        "role": "",
        "address": FROM,
        "token": "",
        "method": "POST",
        "path": "/v1/login",
        "status": 401,
    }
    log.write_text("".join(json.dumps({"time": float(number), **deed}) + "\n" for number in range(3)) + '{"time": 7')
    async with visitor(xend, await log_in(xend, "ada")) as client:
        told = (await client.get("/v1/audit", params={"last": 2})).json()["deeds"]
        assert told == [{"time": 1.0, **deed}, {"time": 2.0, **deed}]
        assert len((await client.get("/v1/audit", params={"user": "a b"})).json()["deeds"]) == 3
        assert (await client.get("/v1/audit", params={"user": "a"})).json()["deeds"] == []
        await xend.create("web")
        asked = {**deed, "path": "/v1/domains/web/pause", "time": 8.0}
        log.write_text(json.dumps(deed | {"time": 7.0}) + "\n" + json.dumps(asked) + "\n")
        for ref in ("web", "we"):
            assert (await client.get("/v1/audit", params={"domain": ref})).json()["deeds"] == [asked]
        assert (await client.get("/v1/audit", params={"domain": "gone"})).json()["deeds"] == []
        for last in ("-1", "10001", "x"):
            assert (await client.get("/v1/audit", params={"last": last})).status_code == 422
