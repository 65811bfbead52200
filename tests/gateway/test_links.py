"""Links that log in: made on the host, followed once in a browser."""

from __future__ import annotations

import pytest
from tests.gateway.conftest import Web
from tests.support.xend import GROUPS

from xenia.gateway.visitor import COOKIE
from xenia.model.caller import Caller, Role
from xenia.model.errors import XeniaError


async def link(web: Web, user: str = "ada") -> str:
    """Its secret, as a user on the host gets it."""
    given = await web.xend.doors.login_links.give(Caller(1000, user, Role.ADMINISTRATOR))
    url, _, secret = given.url.partition("#")
    assert url == "https://alpha.example:8006/login"
    return secret


async def follow(web: Web, secret: str) -> tuple[int, dict[str, object], str]:
    """Status and content of the answer, and the cookie that it sets."""
    async with web.client(origin=web.url) as client:
        answer = await client.post("/login/link", json={"secret": secret})
        return answer.status_code, answer.json(), answer.headers.get("set-cookie", "")


async def test_a_link_logs_in_once(web: Web) -> None:
    secret = await link(web)
    status, told, cookie = await follow(web, secret)
    assert (status, told["token"]["user"]) == (201, "ada")  # type: ignore[index]
    assert "secret" not in told
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "Secure", "SameSite=Strict"} <= set(cookie.split("; "))
    status, told, cookie = await follow(web, secret)
    assert (status, told["kind"], told["hint"], cookie) == (
        401,
        "unauthenticated",
        "make another one on the host: xm web",
        "",
    )
    assert secret not in str(web.xend.audit)


async def test_a_link_is_over_after_five_minutes(web: Web) -> None:
    secret = await link(web)
    web.xend.later[0] = 301
    assert (await follow(web, secret))[0] == 401


async def test_who_tries_links_waits(web: Web) -> None:
    for _ in range(5):
        assert (await follow(web, "guessed"))[0] == 401
    assert (await follow(web, await link(web)))[0] == 429


async def test_a_page_of_another_host_follows_none(web: Web) -> None:
    secret = await link(web)
    async with web.client(origin="https://evil.example") as client:
        assert (await client.post("/login/link", json={"secret": secret})).status_code == 403
    assert (await follow(web, secret))[0] == 201


async def test_over_the_network_nobody_makes_one(web: Web) -> None:
    async with web.client(authorization=f"Bearer {await web.secret('ada')}") as client:
        answer = await client.post("/v1/login-links")
    assert (answer.status_code, answer.json()["detail"]) == (403, "a link is made on the host itself alone")


async def test_who_may_not_come_in_gets_none(web: Web) -> None:
    assert "eve" in GROUPS
    with pytest.raises(XeniaError, match="'eve' may not come in over the network"):
        await link(web, "eve")
