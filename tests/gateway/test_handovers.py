"""A browser's login that is handed over to xm, and xm login --oidc and --browser, with a browser that is a script."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from tests.gateway.conftest import Web
from tests.gateway.test_oidc import WINDOW, issuer
from tests.gateway.test_xm_remote import Said, There, there
from tests.support.issuer import FakeIssuer
from tests.support.waiting import until

from xenia.manager.logins.people import Admitted
from xenia.model.grant import read_grant

__all__ = ["issuer", "there"]

VERIFIER = "v" * 43


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


async def handed(client: httpx2.AsyncClient, challenge: str = "") -> httpx2.Response:
    return await client.post("/v1/login-handovers", json={"challenge": challenge or challenge_of(VERIFIER)})


async def redeem(web: Web, code: str, verifier: str = VERIFIER, **more: Any) -> httpx2.Response:
    async with web.client() as nobody:
        return await nobody.post("/v1/login/handover", json={"code": code, "verifier": verifier, **more})


@asynccontextmanager
async def logged_in(web: Web, user: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser in which they have logged in."""
    async with web.client(origin=web.url) as client:
        assert (await client.post("/login", json={"user": user, "password": user[::-1]})).status_code == 201
        yield client


async def test_who_has_the_verifier_comes_in_once(web: Web) -> None:
    async with logged_in(web, "olga") as browser:
        given = await handed(browser)
        assert given.status_code == 201, given.text
        code = given.json()["code"]
        answer = await redeem(web, code, label="xm on laptop")
        assert answer.status_code == 201, answer.text
        token = answer.json()["token"]
        assert (token["user"], token["kind"], token["role"], token["label"]) == (
            *("olga", "session", "operator", "xm on laptop"),
        )
        async with web.client(authorization=f"Bearer {answer.json()['secret']}") as xm:
            assert (await xm.get("/v1/me")).json()["role"] == "operator"
            await browser.post("/logout")
            assert (await xm.get("/v1/me")).status_code == 200, "it is a login of its own"
        again = await redeem(web, code)
        assert (again.status_code, "was used" in again.text) == (401, True)
    told = [(each["user"], each["path"], each["status"]) for each in web.xend.audit if "handover" in each["path"]]
    assert told == [
        ("olga", "/v1/login-handovers", 201),
        ("olga", "/v1/login/handover", 201),
        ("", "/v1/login/handover", 401),
    ]
    assert code not in repr(web.xend.audit)
    assert VERIFIER not in repr(web.xend.audit)


async def test_another_verifier_uses_the_code_up(web: Web) -> None:
    async with logged_in(web, "olga") as browser:
        code = (await handed(browser)).json()["code"]
    for verifier in ("w" * 43, "", VERIFIER):
        answer = await redeem(web, code, verifier)
        assert answer.status_code in (401, 422), answer.text
        assert "secret" not in answer.json()


async def test_a_code_is_over_after_two_minutes(web: Web) -> None:
    async with logged_in(web, "olga") as browser:
        code = (await handed(browser)).json()["code"]
        web.xend.later[0] += 121
        assert (await redeem(web, code)).status_code == 401


@pytest.mark.parametrize("challenge", ["x", "A" * 44, "A" * 42 + "=", "A" * 42 + "\u00e9", VERIFIER + "\n"])
async def test_what_is_no_challenge(web: Web, challenge: str) -> None:
    async with logged_in(web, "olga") as browser:
        assert (await handed(browser, challenge)).status_code == 422


async def test_only_a_login_is_handed_over(web: Web) -> None:
    async with logged_in(web, "olga") as browser:
        token = (await browser.post("/v1/tokens", json={"label": "x"})).json()["secret"]
    async with web.client(authorization=f"Bearer {token}") as program:
        assert (await handed(program)).status_code == 403
    answer = await web.xend.client.post("/v1/login-handovers", json={"challenge": challenge_of(VERIFIER)})
    assert answer.status_code == 403, "on the host itself nobody logs in"
    async with web.client() as nobody:
        assert (await handed(nobody)).status_code == 401


async def test_a_page_of_another_host_hands_nothing_over(web: Web) -> None:
    async with logged_in(web, "olga") as browser:
        foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        body = {"challenge": challenge_of(VERIFIER)}
        assert (await browser.post("/v1/login-handovers", json=body, headers=foreign)).status_code == 403


async def test_it_is_worth_no_more_and_no_longer_than_the_login(web: Web) -> None:
    async with logged_in(web, "olga") as browser:
        (own,) = (await browser.get("/v1/tokens")).json()["tokens"]
        web.xend.people.admitted = Admitted(("ada", "olga"), (), ())
        given = (await redeem(web, (await handed(browser)).json()["code"])).json()["token"]
        assert given["role"] == "operator"
        assert given["expires"] == pytest.approx(own["expires"], abs=1)
        code = (await handed(browser)).json()["code"]
        await browser.post("/logout")
        assert (await redeem(web, code)).status_code == 401
        web.xend.people.admitted = Admitted((), (), (), (read_grant("operator gus web*"),))
    async with logged_in(web, "gus") as browser:
        given = (await redeem(web, (await handed(browser)).json()["code"])).json()
        async with web.client(authorization=f"Bearer {given['secret']}") as xm:
            me = (await xm.get("/v1/me")).json()
            assert (me["role"], me["grants"]) == ("none", ["operator web*"])


async def test_who_tries_codes_waits(web: Web) -> None:
    async with logged_in(web, "olga") as browser:
        code = (await handed(browser)).json()["code"]
        for _ in range(5):
            assert (await redeem(web, "made up")).status_code == 401
        assert (await redeem(web, code)).status_code == 429


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("port=40000", 422),
        (f"challenge={'c' * 43}&port=40000", 422),
        (f"challenge={'c' * 43}&state={'s' * 22}&port=evil.example", 422),
        (f"challenge={'c' * 43}&state={'s' * 22}&port=80%40evil.example", 422),
        (f"challenge={'c' * 43}&state={'s' * 22}&port=65536", 422),
        (f"challenge={'c' * 43}&state={'s' * 22}&port=-1", 422),
        (f"challenge={'c' * 43}&state={'s' * 15}%0d%0a&port=40000", 422),
        (f"challenge={'c' * 43}.&state={'s' * 22}", 422),
        (f"challenge={'c' * 43}&state={'s' * 22}&redirect_uri=https://evil.example", 303),
        ("other=x", 303),
    ],
)
async def test_a_browser_is_sent_to_no_other_machine(web: Web, issuer: FakeIssuer, query: str, status: int) -> None:
    async with web.client(**WINDOW) as client:
        answer = await client.get(f"/login/oidc?{query}")
        assert answer.status_code == status, answer.text
        assert "evil" not in repr(answer.headers)


async def test_a_cookie_that_is_no_xms_leads_nowhere_else(web: Web, issuer: FakeIssuer) -> None:
    for rest in ("x", f"{'c' * 43}.{'s' * 22}.80@evil.example", f"{'c' * 43}.{'s' * 22}.1.2"):
        async with web.client(cookie=f"__Host-xenia-oidc=secret.{rest}", **WINDOW) as client:
            answer = await client.get("/login/oidc/back?error=access_denied")
            assert (answer.status_code, "location" in answer.headers) == (401, False), answer.text


@dataclass
class Browser:
    """What xm opens: a script that writes down where it was sent."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        script = self.folder / "browser"
        script.write_text(f"#!{sys.executable}\nimport os, sys\nopen('url.new', 'w').write(sys.argv[1])\n")
        script.write_text(script.read_text() + "os.rename('url.new', 'url')\n")
        script.chmod(0o755)
        return {"BROWSER": f"{script} %s"}

    async def sent_to(self) -> str:
        await until((self.folder / "url").exists)
        return (self.folder / "url").read_text()


def port_of(url: str) -> int:
    return int(parse_qs(urlsplit(url).query)["port"][0])


async def brought(url: str) -> int:
    """What xm answers where a browser is sent back to it."""
    assert url.startswith("http://127.0.0.1:")
    async with httpx2.AsyncClient() as client:
        return (await client.get(url)).status_code


def way_back(url: str, **said: str) -> str:
    asked = parse_qs(urlsplit(url).query)
    query = httpx2.QueryParams({**said, "state": asked["state"][0]})
    return f"http://127.0.0.1:{asked['port'][0]}/?{query}"


async def log_in(there: There, *words: str, typed: str = "", **more: str) -> Said:
    own = ("--fingerprint", there.fingerprint, "--as", "alpha")
    return await there.xm("login", *own, *words, there.web.host, typed=typed, **more)


async def test_xm_logs_in_through_the_issuer(web: Web, issuer: FakeIssuer, there: There) -> None:
    opened = Browser(there.home)
    async with asyncio.TaskGroup() as group, web.client(**WINDOW) as browser:
        xm = group.create_task(log_in(there, "--oidc", **opened.environment))
        url = await opened.sent_to()
        assert url.startswith(f"{web.url}/login/oidc?")
        begun = await browser.get(url)
        back = await browser.get(f"/login/oidc/back?{issuer.let_in(begun.headers['location'])}")
        assert (back.status_code, urlsplit(back.headers["location"]).path) == (303, "/login/xm"), back.text
        asked = parse_qs(urlsplit(back.headers["location"]).query)
        assert asked == parse_qs(urlsplit(url).query)
        for wrong in ("/", "/?code=x&state=x", "/favicon.ico", "/?code=x"):
            assert await brought(f"http://127.0.0.1:{port_of(url)}{wrong}") == 404
        here = {"origin": web.url, "sec-fetch-site": "same-origin"}
        body = {"challenge": asked["challenge"][0]}
        code = (await browser.post("/v1/login-handovers", json=body, headers=here)).json()["code"]
        assert await brought(way_back(url, code=code)) == 200
    said = xm.result()
    assert (said.code, "You are oidc:lisa at alpha, with the role operator" in said.out) == (0, True), said
    assert code not in said.out + said.err
    assert "Domain-0" in (await there.xm("--host", "alpha", "list")).out
    token = await there.xm("--host", "alpha", "token", "create", "x")
    assert (token.code, "who comes through the issuer can make no tokens" in token.err) == (4, True), token

    await web.xend.doors.logins.tokens.remove(*web.xend.doors.logins.tokens.all())
    again = f"log in again: xm login --oidc {web.url}"
    ended = await there.xm("--host", "alpha", "list")
    assert (ended.code, again in ended.err) == (4, True), ended
    kept = there.home / "xenia/hosts.json"
    kept.write_text(json.dumps({"hosts": [json.loads(kept.read_text())["hosts"][0] | {"expires": time.time() - 1}]}))
    over = await there.xm("--host", "alpha", "list")
    assert (over.code, again in over.err) == (4, True), over


@pytest.mark.parametrize(
    ("claims", "error", "told"),
    [
        ({}, "access_denied", "the issuer has let nobody in: access_denied"),
        ({"preferred_username": "eve", "groups": []}, "", "'oidc:eve' may not come in over the network"),
        ({"nonce": "another"}, "", "does not hold"),
    ],
)
async def test_xm_is_told_that_nobody_has_logged_in(
    web: Web, issuer: FakeIssuer, there: There, claims: dict[str, Any], error: str, told: str
) -> None:
    issuer.claims |= claims
    opened = Browser(there.home)
    async with asyncio.TaskGroup() as group, web.client(**WINDOW) as browser:
        xm = group.create_task(log_in(there, "--oidc", **opened.environment))
        begun = await browser.get(await opened.sent_to())
        query = f"error={error}" if error else issuer.let_in(begun.headers["location"])
        back = await browser.get(f"/login/oidc/back?{query}")
        assert (back.status_code, "__Host-xenia=x" in repr(back.headers)) == (303, False)
        assert await brought(back.headers["location"]) == 200
    assert (xm.result().code, told in xm.result().err) == (4, True), xm.result()
    assert not (there.home / "xenia/hosts.json").exists()


async def test_xm_logs_in_with_a_code_that_is_typed(web: Web, there: There) -> None:
    """The test is who reads the address and types the code."""
    words = ("login", "--fingerprint", there.fingerprint, "--as", "alpha", "--browser", "--no-browser", web.host)
    async with xm_running(there, *words) as xm, logged_in(web, "olga") as browser:
        assert xm.stdin is not None
        url = (await first_url(xm)).strip()
        assert url.startswith(f"{web.url}/login/xm?")
        assert "port" not in url
        code = (await handed(browser, parse_qs(urlsplit(url).query)["challenge"][0])).json()["code"]
        out, _ = await xm.communicate(f"{code}\n".encode())
        assert (xm.returncode, b"You are olga at alpha" in out) == (0, True), out
    assert json.loads((there.home / "xenia/hosts.json").read_text())["hosts"][0]["how"] == "browser"


@pytest.mark.parametrize("typed", ["", "\n", "nonsense\n"])
async def test_no_code_or_a_wrong_one_is_typed(there: There, typed: str) -> None:
    said = await log_in(there, "--browser", typed=typed, BROWSER="", DISPLAY="", WAYLAND_DISPLAY="")
    why = "the code is not known" if typed.strip() else "no code was typed"
    assert (said.code, why in said.err, said.err.count("shows ")) == (4, True, 1), said


async def test_the_browser_says_no(there: There) -> None:
    opened = Browser(there.home)
    async with asyncio.TaskGroup() as group:
        xm = group.create_task(log_in(there, "--browser", **opened.environment))
        url = await opened.sent_to()
        assert await brought(way_back(url, error="denied")) == 200
    assert (xm.result().code, "it was refused in the browser" in xm.result().err) == (4, True), xm.result()


async def test_what_the_browser_brings_is_no_code_of_this_xm(web: Web, there: There) -> None:
    opened = Browser(there.home)
    async with asyncio.TaskGroup() as group, logged_in(web, "olga") as browser:
        xm = group.create_task(log_in(there, "--browser", **opened.environment))
        url = await opened.sent_to()
        code = (await handed(browser, challenge_of(secrets.token_urlsafe(32)))).json()["code"]
        assert await brought(way_back(url, code=code)) == 200
    assert (xm.result().code, "was made for another xm" in xm.result().err) == (4, True), xm.result()


async def test_xm_is_interrupted_and_its_port_is_gone(web: Web, there: There) -> None:
    opened = Browser(there.home)
    words = ("login", "--fingerprint", there.fingerprint, "--browser", web.host)
    async with xm_running(there, *words, **opened.environment) as xm, logged_in(web, "olga") as browser:
        url = await opened.sent_to()
        code = (await handed(browser, parse_qs(urlsplit(url).query)["challenge"][0])).json()["code"]
        idle = socket.create_connection(("127.0.0.1", port_of(url)))  # as browsers connect ahead
        xm.send_signal(signal.SIGINT)
        _, told = await xm.communicate()
        idle.close()
        assert (xm.returncode, b"interrupted" in told, b"Traceback" in told) == (130, True, False), told
        with pytest.raises(httpx2.ConnectError):
            await brought(way_back(url, code=code))
        assert (await redeem(web, code, "who finds it has no verifier")).status_code == 401


async def test_a_host_without_an_issuer(there: There) -> None:
    said = await log_in(there, "--oidc")
    assert (said.code, "nobody logs in through an issuer" in said.err) == (3, True), said


@pytest.mark.parametrize(
    "words", [("--oidc", "-u", "x"), ("--browser", "--token-stdin"), ("--oidc", "--password-stdin")]
)
async def test_one_way_at_a_time(there: There, words: tuple[str, ...]) -> None:
    said = await log_in(there, *words)
    assert (said.code, "a browser" in said.err) == (2, True), said


@asynccontextmanager
async def xm_running(there: There, *words: str, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await there.xm_begun(*words, **more)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def first_url(xm: asyncio.subprocess.Process) -> str:
    assert xm.stderr is not None
    async for line in xm.stderr:
        if b"https://" in line:
            return line.decode()
    raise AssertionError("xm tells no address")
