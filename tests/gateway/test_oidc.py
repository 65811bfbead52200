"""Logging in through an issuer: by xenia-web as a browser does, with an issuer that answers over TLS."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.gateway.conftest import Web
from tests.support.issuer import (
    EC,
    RSA,
    SECRET,
    FakeIssuer,
    by_the_public_key,
    running_issuer,
    signed,
)

from xenia.manager.logins.people import Admitted
from xenia.model.grant import read_grant
from xenia.settings.certificate import Certificate
from xenia.settings.settings import Settings

WINDOW = {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document", "sec-fetch-mode": "navigate"}


@pytest.fixture
def issuer(web: Web, certificate: Certificate) -> Iterator[FakeIssuer]:
    with running_issuer(certificate) as running:
        web.xend.issuer[0] = running.issuer(certificate)
        web.xend.people.admitted = Admitted(
            ("ada", "oidc:boss"), ("@oidc:ops",), ("oidc:vic",), (read_grant("viewer oidc:gus web*"),), running.url
        )
        yield running


@asynccontextmanager
async def browser(web: Web) -> AsyncIterator[httpx2.AsyncClient]:
    async with web.client(**WINDOW) as client:
        yield client


async def there(client: httpx2.AsyncClient) -> str:
    """Where a browser that wants to log in is sent."""
    answer = await client.get("/login/oidc")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def came_back(client: httpx2.AsyncClient, issuer: FakeIssuer) -> httpx2.Response:
    return await client.get(f"/login/oidc/back?{issuer.let_in(await there(client))}")


async def test_who_has_logged_in_there_comes_in_here(web: Web, issuer: FakeIssuer) -> None:
    async with browser(web) as client:
        assert (await client.get("/v1/login")).json() == {"password": True, "oidc": True}
        begun = await client.get("/login/oidc")
        cookie = begun.headers["set-cookie"]
        assert cookie.startswith("__Host-xenia-oidc=")
        for word in ("Path=/", "Secure", "HttpOnly", "SameSite=Lax"):
            assert word in cookie
        answer = await client.get(f"/login/oidc/back?{issuer.let_in(begun.headers['location'])}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), answer.text
        given, gone = answer.headers.get_list("set-cookie")
        assert given.startswith("__Host-xenia=xenia_")
        assert "SameSite=Strict" in given
        assert gone.startswith("__Host-xenia-oidc=; ")
        me = (await client.get("/v1/me")).json()
        assert (me["name"], me["role"]) == ("oidc:lisa", "operator")
        assert (await client.get("/v1/tokens")).json()["tokens"][0]["kind"] == "session"
    told = [(each["user"], each["path"], each["status"]) for each in web.xend.audit]
    assert told == [("", "/v1/login/oidc", 201), ("oidc:lisa", "/v1/login/oidc/finish", 201)]
    assert "code" not in repr(web.xend.audit)


@pytest.mark.parametrize(
    ("claims", "status", "role"),
    [
        ({"preferred_username": "boss", "groups": []}, 303, "administrator"),
        ({"preferred_username": "vic", "groups": None}, 303, "viewer"),
        ({"preferred_username": "gus", "groups": "others"}, 303, "none"),
        ({"preferred_username": "ada", "groups": ["OPS", "ops ", "@ops", "xen", 7, None, "ada"]}, 403, ""),
        ({"preferred_username": None}, 401, ""),
    ],
)
async def test_the_settings_say_what_they_may(
    web: Web, issuer: FakeIssuer, claims: dict[str, Any], status: int, role: str
) -> None:
    """Users and groups of the issuer are never those of the host that have the same names."""
    issuer.claims |= claims
    async with browser(web) as client:
        answer = await came_back(client, issuer)
        assert answer.status_code == status, answer.text
        if role:
            assert (await client.get("/v1/me")).json()["role"] == role
        else:
            assert "__Host-xenia=x" not in repr(answer.headers)
            assert answer.text.startswith("Not logged in: ")


WICKED: list[Callable[[dict[str, Any]], str]] = [
    lambda claims: signed(claims | {"nonce": "x" * 43}, RSA, "RS256"),
    lambda claims: signed(claims | {"exp": 1}, RSA, "RS256"),
    by_the_public_key,
]


@pytest.mark.parametrize("word", WICKED)
async def test_a_word_that_does_not_hold_lets_nobody_in(
    web: Web, issuer: FakeIssuer, word: Callable[[dict[str, Any]], str]
) -> None:
    """What else may be wrong with it: tests/daemon/test_id_token.py."""
    issuer.word = word
    async with browser(web) as client:
        answer = await came_back(client, issuer)
        assert (answer.status_code, "__Host-xenia=x" in repr(answer.headers)) == (401, False), answer.text
        assert "does not hold" in answer.text
    assert not web.xend.doors.logins.tokens.all()


async def test_a_word_that_is_signed_otherwise(web: Web, issuer: FakeIssuer) -> None:
    issuer.word = lambda claims: signed(claims, EC, "ES256")
    async with browser(web) as client:
        assert (await came_back(client, issuer)).status_code == 303


async def test_a_login_is_finished_once_by_the_browser_that_began_it(web: Web, issuer: FakeIssuer) -> None:
    async with browser(web) as one, browser(web) as other:
        query = issuer.let_in(await there(one))
        await there(other)
        assert (await other.get(f"/login/oidc/back?{query}")).status_code == 401  # with a login of its own
        async with browser(web) as third:
            assert (await third.get(f"/login/oidc/back?{query}")).status_code == 401  # with none
        assert not issuer.forms
        begun = one.cookies["__Host-xenia-oidc"]
        assert (await one.get(f"/login/oidc/back?{query}")).status_code == 303
    async with web.client(cookie=f"__Host-xenia-oidc={begun}") as again:
        answer = await again.get(f"/login/oidc/back?{query}")
        assert (answer.status_code, "was used" in answer.text) == (401, True)
    assert len(issuer.forms) == 1


async def test_another_state_uses_up_the_login(web: Web, issuer: FakeIssuer) -> None:
    async with browser(web) as client:
        query = issuer.let_in(await there(client))
        cookie = f"__Host-xenia-oidc={client.cookies['__Host-xenia-oidc']}"
    async with web.client(cookie=cookie) as client:
        for wrong in ("code=code0&state=x", query):
            assert (await client.get(f"/login/oidc/back?{wrong}")).status_code == 401
    assert not issuer.forms


async def test_a_login_that_was_begun_long_ago_is_over(
    web: Web, issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with browser(web) as client:
        query = issuer.let_in(await there(client))
        monkeypatch.setattr(web.xend.doors.through_issuer._begun, "_clock", lambda: time.time() + 601)
        assert (await client.get(f"/login/oidc/back?{query}")).status_code == 401


async def test_who_fails_too_often_waits(web: Web, issuer: FakeIssuer) -> None:
    failures = web.xend.doors.logins.by_address
    async with browser(web) as client:
        query = issuer.let_in(await there(client))
        assert (await client.get("/login/oidc/back?code=x&state=y")).status_code == 401
        assert failures._failures["127.0.0.1"].count == 1
        for _ in range(15):
            failures.failed("127.0.0.1")
        assert (await client.get(f"/login/oidc/back?{query}")).status_code == 429
        assert (await client.get("/login/oidc")).status_code == 429
    assert not issuer.forms


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/.well-known/openid-configuration", (307, b"{}")),
        ("/.well-known/openid-configuration", (200, b"[" * 200_000)),
        ("/.well-known/openid-configuration", (200, b'{"x": "' + b"x" * 10_000_000 + b'"}')),
        ("/token", (200, b"x" * 10_000_000)),
        ("/token", (401, b'{"error": "invalid_client"}')),
        ("/keys", (404, b"{}")),
    ],
)
async def test_what_an_issuer_answers_is_nothing_of_use(
    web: Web, issuer: FakeIssuer, path: str, answer: tuple[int, bytes]
) -> None:
    issuer.answer = lambda asked: answer if asked == path else None
    async with browser(web) as client:
        first = await client.get("/login/oidc")
        if first.status_code == 303:
            first = await client.get(f"/login/oidc/back?{issuer.let_in(first.headers['location'])}")
        assert first.status_code == 503, first.text
        assert "the issuer cannot be asked" in first.text
        assert (await client.get("/v1/login")).status_code == 200


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "https://localhost:1/token"},
    ],
)
async def test_an_issuer_leads_nowhere_else(web: Web, issuer: FakeIssuer, discovery: dict[str, Any]) -> None:
    issuer.discovery = discovery
    async with browser(web) as client:
        assert (await client.get("/login/oidc")).status_code == 503
    assert set(issuer.asked) == {"/.well-known/openid-configuration"}


async def test_an_issuer_that_is_down_is_asked_no_more_for_a_while(
    web: Web, issuer: FakeIssuer, certificate: Certificate
) -> None:
    gone = replace(issuer.issuer(certificate), url="https://127.0.0.1:1")
    web.xend.issuer[0] = gone
    async with browser(web) as client:
        answers = await asyncio.gather(*(client.get("/login/oidc") for _ in range(8)))
    assert [answer.status_code for answer in answers] == [503] * 8


async def test_an_issuer_that_never_answers_is_waited_for_no_longer_than_said(
    web: Web, issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xenia.daemon.issuer.ask._SECONDS", 2.0)
    hold = threading.Event()

    def never(path: str) -> None:
        hold.wait(60)

    issuer.answer = never
    async with browser(web) as client:
        assert (await client.get("/login/oidc")).status_code == 503
    hold.set()


@pytest.mark.skipif(os.geteuid() != 0, reason="giving up rights needs to have them")
async def test_who_reads_what_an_issuer_says_has_no_rights(web: Web, issuer: FakeIssuer) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def wait(path: str) -> None:
        asked.set()
        go_on.wait(60)

    issuer.answer = wait
    async with browser(web) as client, asyncio.TaskGroup() as tasks:
        begun = tasks.create_task(client.get("/login/oidc"))
        try:
            assert await asyncio.to_thread(asked.wait, 60)
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
            (process,) = [
                Path("/proc", each)
                for each in children
                if b"xenia.daemon.issuer.main" in Path("/proc", each, "cmdline").read_bytes()
            ]
            lines = (process / "status").read_text().splitlines()
            status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
            assert set(status["Uid"].split()) == set(status["Gid"].split()) == {str(Settings(()).login_uid)}
            assert (status["Groups"].strip(), int(status["CapEff"], 16), status["NoNewPrivs"]) == ("", 0, "1")
            assert str((process / "root").readlink()).endswith("(deleted)")
        finally:
            go_on.set()
    assert begun.result().status_code == 303


async def test_an_issuer_with_another_certificate_is_none(web: Web, issuer: FakeIssuer, tmp_path: Path) -> None:
    known = web.xend.issuer[0]
    assert known is not None
    async with browser(web) as client:
        for authority in ("", str(tmp_path / "none.pem")):
            web.xend.issuer[0] = replace(known, authority=authority)
            assert (await client.get("/login/oidc")).status_code == 503
        web.xend.issuer[0] = replace(known, url=known.url.replace("127.0.0.1", "127.0.0.2"))
        assert (await client.get("/login/oidc")).status_code == 503
    assert not issuer.asked


async def test_the_secret_of_the_host_is_read_from_its_file(
    web: Web, issuer: FakeIssuer, certificate: Certificate, tmp_path: Path
) -> None:
    file = tmp_path / "oidc.secret"
    web.xend.issuer[0] = issuer.issuer(certificate, secret_file=str(file))
    async with browser(web) as client:
        assert (await came_back(client, issuer)).status_code == 503
        file.write_text(f"{SECRET}\n")
        assert (await came_back(client, issuer)).status_code == 303
        assert "client_secret" not in issuer.forms[-1]
        issuer.discovery = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        web.xend.issuer[0] = issuer.issuer(certificate, secret_file=str(file), scopes="openid")
        assert (await came_back(client, issuer)).status_code == 303
        assert issuer.forms[-1]["client_secret"] == SECRET


@pytest.mark.parametrize(("verified", "status"), [(True, 303), ("true", 401)])
async def test_a_mail_address_counts_that_the_issuer_has_verified(
    web: Web, issuer: FakeIssuer, certificate: Certificate, verified: Any, status: int
) -> None:
    web.xend.issuer[0] = issuer.issuer(certificate, user_claim="email", groups_claim="realm.roles")
    issuer.claims = {"email": "eve@example.org", "email_verified": verified, "realm": {"roles": ["ops"]}}
    async with browser(web) as client:
        assert (await came_back(client, issuer)).status_code == status


async def test_a_login_is_worth_nothing_without_its_issuer(web: Web, issuer: FakeIssuer) -> None:
    async with browser(web) as client:
        await came_back(client, issuer)
        answer = await client.post(
            "/v1/tokens", json={"label": "x"}, headers={"sec-fetch-site": "same-origin", "origin": web.url}
        )
        assert (answer.status_code, "the issuer" in answer.text) == (403, True)
        web.xend.people.admitted = replace(web.xend.people.admitted, operators=())
        assert (await client.get("/v1/me")).status_code == 401
        web.xend.people.admitted = replace(web.xend.people.admitted, operators=("oidc:lisa",))
        assert (await client.get("/v1/me")).status_code == 200
        web.xend.people.admitted = replace(web.xend.people.admitted, issuer="https://another.example")
        assert (await client.get("/v1/me")).status_code == 401


async def test_settings_that_change_end_what_was_begun(web: Web, issuer: FakeIssuer, certificate: Certificate) -> None:
    async with browser(web) as client:
        query = issuer.let_in(await there(client))
        web.xend.issuer[0] = issuer.issuer(certificate, user_claim="sub")
        assert (await client.get(f"/login/oidc/back?{query}")).status_code == 401


async def test_nobody_has_the_name_of_an_issuers_user_with_a_password(web: Web, issuer: FakeIssuer) -> None:
    async with web.client() as client:
        answer = await client.post("/v1/login", json={"user": "oidc:boss", "password": "ssob:cdio"})
        assert answer.status_code == 401


async def test_without_an_issuer_there_is_no_such_login(web: Web) -> None:
    async with browser(web) as client:
        assert (await client.get("/v1/login")).json() == {"password": True, "oidc": False}
        assert (await client.get("/login/oidc")).status_code == 404
        assert (await client.get("/login/oidc/back?code=x&state=y")).status_code == 404


@pytest.mark.parametrize("error", ["access_denied", "<script>", ""])
async def test_who_was_not_let_in_there_is_told_so(web: Web, issuer: FakeIssuer, error: str) -> None:
    async with browser(web) as client:
        answer = await client.get("/login/oidc/back", params={"error": error} if error else {})
        assert (answer.status_code, answer.headers["content-type"]) == (401, "text/plain; charset=utf-8")
        assert ("access_denied" in answer.text, "script" in answer.text) == (error == "access_denied", False)


async def test_a_picture_in_another_page_begins_no_login(web: Web, issuer: FakeIssuer) -> None:
    async with web.client(**(WINDOW | {"sec-fetch-dest": "image"})) as client:
        assert (await client.get("/login/oidc")).status_code == 403
        assert (await client.get("/login/oidc/back?code=x&state=y")).status_code == 403


@pytest.mark.parametrize("body", [{}, {"secret": "x", "state": "x"}, {"secret": 1, "state": "x", "code": "x"}, []])
async def test_what_finishes_no_login_is_refused(web: Web, issuer: FakeIssuer, body: Any) -> None:
    async with web.client() as client:
        assert (await client.post("/v1/login/oidc/finish", json=body)).status_code == 422
