"""What xenia-web lets in, and what it makes of it."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
import websockets
from tests.api.test_logins import routes
from tests.gateway.conftest import Web, served
from tests.support.xend import GuestConsole

from xenia.gateway.app import _ELSEWHERE, Gateway
from xenia.model.errors import XeniaError
from xenia.settings.certificate import Certificate, certificate_of, tls_of

COOKIE = "__Host-xenia"


def own(web: Web) -> dict[str, str]:
    """What a browser says of a request that a page of this host has sent."""
    return {"origin": web.url, "sec-fetch-site": "same-origin"}


async def test_xend_is_spoken_to_with_a_token(web: Web) -> None:
    async with web.client() as client:
        refused = await client.get("/v1/domains")
        assert (refused.status_code, refused.json()["kind"]) == (401, "unauthenticated")
        assert "www-authenticate" not in refused.headers
    async with web.client(authorization=f"Bearer {await web.secret('ada')}") as client:
        made = await client.post("/v1/domains", params={"wait": 10}, json={"text": "name=one"})
        assert made.status_code == 200, made.text
        listed = await client.get("/v1/domains")
        assert [each["name"] for each in listed.json()["domains"]] == ["Domain-0", "one"]
        assert (await client.get("/v1/me")).json()["address"] == "127.0.0.1"
        assert (await client.get("/v1/nothing")).status_code == 404
        assert "xenia_domain_vcpus{" in (await client.get("/metrics")).text
        assert (await client.get("/nothing")).json()["kind"] == "not_found"


@pytest.mark.parametrize("path", ["/v1/me", "/health", "/nothing", "/v1/domains"])
async def test_every_answer_says_what_a_browser_may_do_with_it(web: Web, path: str) -> None:
    async with web.client() as client:
        headers = (await client.get(path)).headers
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


async def test_a_browser_logs_in_with_a_cookie_that_no_script_sees(web: Web) -> None:
    async with web.client(**own(web)) as client:
        answer = await client.post("/login", json={"user": "ada", "password": "ada"})
        cookie = answer.headers["set-cookie"]
        assert answer.status_code == 201
        assert "xenia_" not in answer.text
        for word in (f"{COOKIE}=xenia_", "Path=/", "Secure", "HttpOnly", "SameSite=Strict"):
            assert word in cookie
        assert (await client.get("/v1/me")).json()["name"] == "ada"
        out = await client.post("/logout")
        assert (out.status_code, "Max-Age=0" in out.headers["set-cookie"]) == (200, True)
        assert (await client.get("/v1/me")).status_code == 401
        again = await client.post("/logout")
        assert again.status_code == 401


async def test_a_wrong_password_gets_no_cookie(web: Web) -> None:
    async with web.client(**own(web)) as client:
        answer = await client.post("/login", json={"user": "ada", "password": "hunter2"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert "hunter2" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "same-site"},
        {"origin": "null"},
        {"origin": "http://HOST"},
    ],
)
async def test_a_page_of_another_host_changes_nothing_with_a_cookie(web: Web, headers: dict[str, str]) -> None:
    headers = {name: value.replace("HOST", web.host) for name, value in headers.items()}
    cookie = {"cookie": f"{COOKIE}={await web.secret('ada')}"}
    async with web.client(**cookie, **headers) as client:
        answer = await client.post("/v1/domains", params={"wait": 10}, json={"text": "name=one"})
        assert (answer.status_code, answer.json()["kind"]) == (403, "denied")
        assert (await client.post("/login", json={"user": "ada", "password": "ada"})).status_code == 403
        assert (await client.post("/logout")).status_code == 403
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(
            f"wss://{web.host}/v1/domains/x/console", ssl=web.tls, additional_headers={**cookie, **headers}
        )
    assert refused.value.response.status_code == 403


async def test_headers_that_are_xends_own_are_not_a_strangers(web: Web) -> None:
    """Nobody says for themselves where they come from."""
    async with web.client(**{"x-xenia-address": "10.0.0.1"}) as client:
        await client.post("/v1/login", json={"user": "ada", "password": "x"})
    assert [each["address"] for each in web.xend.audit] == ["127.0.0.1"]


async def test_a_console_is_passed_on_both_ways_and_its_end_told(web: Web, tmp_path: Path) -> None:
    uuid = await web.xend.create("one")
    with GuestConsole(tmp_path / "in", tmp_path / "log") as guest:
        web.xend.consoles[uuid] = {"serial": guest}
        headers = {"authorization": f"Bearer {await web.secret('olga')}"}
        address = f"wss://{web.host}/v1/domains/one/console"
        async with websockets.connect(address, ssl=web.tls, additional_headers=headers) as console:
            await guest.connected()
            guest.say(b"login: ")
            assert await console.recv() == b"login: "
            await console.send(b"root\r")
            await guest.hears(b"root\r")
            guest.end()
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await console.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4000


@pytest.mark.parametrize(("user", "ref", "status"), [("vic", "one", 403), ("ada", "none", 404), ("", "one", 401)])
async def test_a_console_that_is_refused_is_so_with_xends_words(web: Web, user: str, ref: str, status: int) -> None:
    await web.xend.create("one")
    headers = {"authorization": f"Bearer {await web.secret(user)}"} if user else {}
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(f"wss://{web.host}/v1/domains/{ref}/console", ssl=web.tls, additional_headers=headers)
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body or b"")["detail"]


async def test_who_says_nothing_is_cut_off_and_an_open_console_is_not(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xenia.gateway.server._HEAD_SECONDS", 0.5)
    uuid = await web.xend.create("one")
    headers = {"authorization": f"Bearer {await web.secret('olga')}"}
    with GuestConsole(tmp_path / "in", tmp_path / "log") as guest:
        web.xend.consoles[uuid] = {"serial": guest}
        address = f"wss://{web.host}/v1/domains/one/console"
        async with websockets.connect(address, ssl=web.tls, additional_headers=headers) as console:
            host, _, port = web.host.partition(":")
            reader, writer = await asyncio.open_connection(host, int(port), ssl=web.tls)
            writer.write(b"GET /v1/me HTTP/1.1\r\nHost:")
            async with asyncio.timeout(20):
                with suppress(ConnectionError):
                    assert await reader.read() == b""
            writer.close()
            await guest.connected()
            guest.say(b"still here")
            assert await console.recv() == b"still here"


async def test_a_body_without_an_end_is_given_up(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xenia.gateway.app._BODY_SECONDS", 0.2)
    host, _, port = web.host.partition(":")
    for path in ("/v1/login", "/login"):
        reader, writer = await asyncio.open_connection(host, int(port), ssl=web.tls)
        origin = f"Origin: {web.url}\r\n".encode()
        writer.write(b"POST " + path.encode() + b" HTTP/1.1\r\nHost: " + web.host.encode() + b"\r\n" + origin)
        writer.write(b"Connection: close\r\nContent-Length: 100\r\n\r\n{")
        async with asyncio.timeout(20):
            answer = await reader.readuntil(b"\r\n")
        assert answer.startswith(b"HTTP/1.1 504"), (path, answer)
        writer.close()


async def test_events_come_as_they_happen(web: Web) -> None:
    async with (
        web.client(authorization=f"Bearer {await web.secret('vic')}") as client,
        client.stream("GET", "/v1/events") as stream,
    ):
        lines = stream.aiter_lines()
        assert (await anext(lines)).startswith(":")
        await web.xend.create("one")
        async with asyncio.timeout(10):
            async for line in lines:
                if line.startswith("data:") and '"one"' in line:
                    break
    assert web.xend.doors.manager.jobs()


async def test_who_goes_away_leaves_nothing_behind(web: Web) -> None:
    """The listener of events that somebody has left is let go of by xend as well."""
    secret = await web.secret("vic")
    async with web.client(authorization=f"Bearer {secret}") as client, client.stream("GET", "/v1/events") as stream:
        await anext(stream.aiter_lines())
        assert passing_back()
    async with asyncio.timeout(10):
        while passing_back():  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.01)


def passing_back() -> list[asyncio.Task[object]]:
    """What still waits for xend, for somebody."""
    return [each for each in asyncio.all_tasks() if "_pass_back" in repr(each.get_coro())]


async def test_a_xend_that_is_away_is_said_to_be(tmp_path: Path, certificate: Certificate, tls: ssl.SSLContext) -> None:
    async with served(tmp_path / "web.sock", certificate) as host:
        web = Web(None, host, tls)  # type: ignore[arg-type]
        async with web.client() as client:
            for path in ("/v1/domains", "/health"):
                answer = await client.get(path)
                assert (answer.status_code, answer.json()["kind"]) == (503, "unavailable")
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(f"wss://{host}/v1/domains/x/console", ssl=tls)
        assert refused.value.response.status_code == 503


async def test_a_body_that_is_too_large_ends_in_a_refusal(web: Web) -> None:
    async with web.client(authorization=f"Bearer {await web.secret('ada')}") as client:
        answer = await client.post(
            "/v1/domains", content=b"x" * (2 << 20), headers={"content-type": "application/json"}
        )
        assert answer.status_code == 413
        assert (await client.get("/v1/me")).status_code == 200
    async with web.client(**own(web)) as client:
        answer = await client.post("/login", content=b"x" * (2 << 20))
        assert answer.status_code == 413


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
        b"0\r\n\r\nGET /v1/domains HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"\x16\x03\x01 not http\r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
        b"GET http://elsewhere/v1/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /v1/../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b'GET /v1/me HTTP/1.1\r\nHost: x\r\nCookie: __Host-xenia="\\"; a=;;;=\r\nConnection: close\r\n\r\n',
        b"GET /v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n",
    ],
)
async def test_what_is_no_request_gets_no_further(web: Web, raw: bytes) -> None:
    host, _, port = web.host.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), ssl=web.tls)
    writer.write(raw)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 401", b"HTTP/1.1 404", b"HTTP/1.1 431")), answer[:100]
    assert answer.count(b"HTTP/1.1 ") == 1
    async with web.client() as client:
        assert (await client.get("/health")).status_code == 200


def test_a_certificate_is_made_once_and_known_by_its_fingerprint(tmp_path: Path) -> None:
    made = certificate_of("", "", tmp_path / "web")
    again = certificate_of("", "", tmp_path / "web")
    assert made.fingerprint == again.fingerprint
    said = subprocess.run(
        ["openssl", "x509", "-in", made.chain, "-noout", "-fingerprint", "-sha256"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert said.strip().rpartition("=")[2] == made.fingerprint
    assert made.key.stat().st_mode & 0o077 == 0
    assert made.self_made


def test_files_that_are_no_certificate_are_refused(tmp_path: Path, certificate: Certificate) -> None:
    other = certificate_of("", "", tmp_path / "other")
    (tmp_path / "empty").write_text("")
    with pytest.raises(FileNotFoundError, match="none"):
        tls_of(certificate_of(str(certificate.chain), str(tmp_path / "none"), tmp_path))
    for chain, key in ((certificate.chain, other.key), (tmp_path / "empty", other.key)):
        with pytest.raises(XeniaError, match="no certificate and its key"):
            tls_of(certificate_of(str(chain), str(key), tmp_path))
    with pytest.raises(XeniaError, match="go together"):
        certificate_of(str(certificate.chain), "", tmp_path)


async def test_without_a_token_no_route_answers_but_the_login(web: Web) -> None:
    """All of xend's, and xenia-web's own."""
    gateway = Gateway("")
    mine = {*gateway.own, *_ELSEWHERE}
    free = {("POST", "/login"), ("GET", "/health")}
    free |= {
        ("POST", "/login/link"),
        ("POST", "/login/security-key"),
        ("GET", "/login/oidc"),
        ("GET", "/login/oidc/back"),
    }
    assert mine == {*free, ("POST", "/logout"), ("GET", "/metrics")}
    async with web.client(**own(web)) as client:
        assert (await client.get("/health")).status_code == 200
        for method, path in (*(mine - free), *routes(web.xend)):
            if method != "WEBSOCKET":
                answer = await client.request(method, path, json={})
                assert (answer.status_code, answer.json()["kind"]) == (401, "unauthenticated"), (method, path)
    for method, path in routes(web.xend):
        if method == "WEBSOCKET":
            with pytest.raises(websockets.InvalidStatus) as refused:
                await websockets.connect(f"wss://{web.host}{path}", ssl=web.tls)
            assert refused.value.response.status_code == 401, path
