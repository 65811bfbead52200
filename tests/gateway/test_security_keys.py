"""Logging in with a security key after the password."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.gateway.conftest import Web
from tests.support.authenticator import Authenticator

from xenia.lib.files import DiskFiles
from xenia.model.errors import XeniaError
from xenia.store.security_keys import SecurityKeyStore


@asynccontextmanager
async def browser(web: Web) -> AsyncIterator[httpx2.AsyncClient]:
    async with web.client(origin=web.url) as client:
        yield client


async def log_in(client: httpx2.AsyncClient, user: str, **more: str) -> httpx2.Response:
    return await client.post("/login", json={"user": user, "password": user[::-1], **more})


async def prove(client: httpx2.AsyncClient, asked: dict[str, Any], answer: Any) -> httpx2.Response:
    return await client.post("/login/security-key", json={"secret": asked["secret"], "answer": answer})


async def add(client: httpx2.AsyncClient, key: Authenticator, label: str = "the blue one") -> httpx2.Response:
    begun = await client.post("/v1/security-keys/begin")
    assert begun.status_code == 201, begun.text
    asked = begun.json()
    answer = key.create(asked["options"])
    return await client.post("/v1/security-keys", json={"secret": asked["secret"], "label": label, "answer": answer})


async def with_key(web: Web, user: str) -> Authenticator:
    """A key that `user` has, where one is wanted of who has one."""
    web.xend.policy[0] = "optional"
    key = Authenticator()
    async with browser(web) as client:
        assert (await log_in(client, user)).status_code == 201
        added = await add(client, key)
        assert added.status_code == 201, added.text
    return key


async def asked_for(client: httpx2.AsyncClient, user: str) -> dict[str, Any]:
    answer = await log_in(client, user)
    assert (answer.status_code, "set-cookie" in answer.headers) == (202, False), answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_key_is_asked_for_after_the_password(web: Web) -> None:
    key = await with_key(web, "olga")
    async with browser(web) as client:
        asked = await asked_for(client, "olga")
        assert (await client.get("/v1/me")).status_code == 401
        assert asked["options"]["rpId"] == "alpha.example"
        answer = await prove(client, asked, key.get(asked["options"]))
        assert answer.status_code == 201, answer.text
        assert answer.headers["set-cookie"].startswith("__Host-xenia=xenia_")
        assert (await client.get("/v1/me")).json()["name"] == "olga"
        (shown,) = (await client.get("/v1/security-keys")).json()["security_keys"]
        assert (shown["user"], shown["label"], shown["used"] is None) == ("olga", "the blue one", False)
        assert set(shown) == {"id", "user", "label", "created", "used"}
    told = [(each["user"], each["status"]) for each in web.xend.audit if each["path"] == "/v1/login/security-key"]
    assert told == [("olga", 201)]


async def test_what_is_kept_of_a_key_lets_nobody_in(web: Web, tmp_path: Path) -> None:
    key = await with_key(web, "olga")
    file = tmp_path / "var/lib/xenia/security-keys.json"
    (row,) = json.loads(file.read_text())["security_keys"]
    assert set(row) == {"id", "user", "label", "credential", "public_key", "count", "created", "used"}
    assert f"{key.key.private_numbers().private_value:x}" not in file.read_text()
    store = SecurityKeyStore(DiskFiles(tmp_path))
    await store.load()
    assert [each.user for each in store.of("olga")] == ["olga"]


@pytest.mark.parametrize(
    "wrong", ["origin", "port", "challenge", "kind", "host", "key", "absent", "signature", "no key"]
)
async def test_an_answer_that_does_not_hold_lets_nobody_in(web: Web, wrong: str) -> None:
    key = await with_key(web, "olga")
    other = await with_key(web, "vic")
    async with browser(web) as client:
        asked = await asked_for(client, "olga")
        options = copy.deepcopy(asked["options"])
        said = {
            "origin": {"origin": "https://evil.example:8006"},
            "port": {"origin": "https://alpha.example"},
            "challenge": {"challenge": "A" * 43},
            "kind": {"type": "webauthn.create"},
        }.get(wrong, {})
        if wrong == "host":
            options["rpId"] = "evil.example"
        if wrong == "key":
            key = other
        if wrong == "absent":
            key.present = 0
        if wrong == "signature":
            key = replace(other, id=key.id)
        answer = {"id": "x"} if wrong == "no key" else key.get(options, **said)
        refused = await prove(client, asked, answer)
        assert (refused.status_code, "set-cookie" in refused.headers) == (401, False), refused.text
        assert (await client.get("/v1/me")).status_code == 401
        again = await prove(client, asked, key.get(asked["options"]))
        assert again.status_code == 401, "the challenge is used up"


@pytest.mark.parametrize("answer", [{}, {"id": 7}, {"id": None, "response": []}])
async def test_what_is_no_answer(web: Web, answer: dict[str, Any]) -> None:
    key = await with_key(web, "olga")
    async with browser(web) as client:
        assert (await prove(client, await asked_for(client, "olga"), answer)).status_code == 401
        asked = await asked_for(client, "olga")
        broken = key.get(asked["options"]) | {"response": {"clientDataJSON": "%%%", "signature": 7}}
        assert (await prove(client, asked, broken)).status_code == 401
        assert (await prove(client, await asked_for(client, "olga"), "text")).status_code == 422


async def test_an_answer_counts_once_and_soon(web: Web) -> None:
    key = await with_key(web, "olga")
    async with browser(web) as client:
        asked = await asked_for(client, "olga")
        answer = key.get(asked["options"])
        assert (await prove(client, asked, answer)).status_code == 201
        assert (await prove(client, asked, answer)).status_code == 401
        asked = await asked_for(client, "olga")
        assert (await prove(client, asked, answer)).status_code == 401, "it is for another challenge"
        asked = await asked_for(client, "olga")
        web.xend.later[0] += 121
        assert (await prove(client, asked, key.get(asked["options"]))).status_code == 401


async def test_a_key_that_was_copied_is_noticed_by_its_count(web: Web) -> None:
    key = await with_key(web, "olga")
    copied = replace(key)
    async with browser(web) as client:
        for _ in range(2):
            asked = await asked_for(client, "olga")
            assert (await prove(client, asked, key.get(asked["options"]))).status_code == 201
        asked = await asked_for(client, "olga")
        assert (await prove(client, asked, copied.get(asked["options"]))).status_code == 401


async def test_the_password_comes_first(web: Web) -> None:
    await with_key(web, "olga")
    async with browser(web) as client:
        answer = await client.post("/login", json={"user": "olga", "password": "wrong"})
        assert (answer.status_code, "options" in answer.text) == (401, False)


@pytest.mark.parametrize(
    ("policy", "user", "status"),
    [
        ("off", "ada", 201),
        ("optional", "ada", 201),
        ("administrators", "ada", 403),
        ("administrators", "olga", 201),
        ("required", "vic", 403),
    ],
)
async def test_of_whom_a_key_is_wanted(web: Web, policy: str, user: str, status: int) -> None:
    """Here of those who have none."""
    web.xend.policy[0] = policy
    async with browser(web) as client:
        answer = await log_in(client, user)
        assert answer.status_code == status, answer.text
        assert ("xm security-key code" in answer.text) == (status == 403)


async def test_without_keys_in_the_settings_those_that_there_are_are_not_asked_for(web: Web) -> None:
    await with_key(web, "olga")
    web.xend.policy[0] = "off"
    async with browser(web) as client:
        assert (await log_in(client, "olga")).status_code == 201
        assert (await client.post("/v1/security-keys/begin")).status_code == 409
        assert (await client.get("/v1/security-keys")).status_code == 200


async def test_a_code_stands_for_a_key_once(web: Web) -> None:
    web.xend.policy[0] = "required"
    made = await web.xend.client.post("/v1/security-keys/codes", json={"user": "vic"})
    assert made.status_code == 201
    code = made.json()["code"]
    async with browser(web) as client:
        assert (await log_in(client, "vic", code=code)).status_code == 201
        assert (await client.post("/v1/security-keys/codes", json={"user": "vic"})).status_code == 403
        key = Authenticator()
        assert (await add(client, key)).status_code == 201
        assert (await log_in(client, "vic", code=code)).status_code == 401
        asked = await asked_for(client, "vic")
        assert (await prove(client, asked, key.get(asked["options"]))).status_code == 201
    assert code not in repr(web.xend.audit)


async def test_a_code_is_its_users_alone_and_over_after_a_day(web: Web) -> None:
    web.xend.policy[0] = "required"
    async with browser(web) as client:
        for user, later in (("olga", 0.0), ("vic", 86_401.0)):
            code = (await web.xend.client.post("/v1/security-keys/codes", json={"user": "vic"})).json()["code"]
            web.xend.later[0] += later
            assert (await log_in(client, user, code=code)).status_code == 401


async def test_a_lost_key_is_removed_on_the_host(web: Web) -> None:
    await with_key(web, "olga")
    await with_key(web, "vic")
    rows = (await web.xend.client.get("/v1/security-keys")).json()["security_keys"]
    assert [row["user"] for row in rows] == ["olga", "vic"]
    assert (await web.xend.client.delete(f"/v1/security-keys/{rows[0]['id']}")).status_code == 200
    assert (await web.xend.client.delete(f"/v1/security-keys/{rows[0]['id']}")).status_code == 404
    async with browser(web) as client:
        assert (await log_in(client, "olga")).status_code == 201
        own = (await client.get("/v1/security-keys")).json()["security_keys"]
        assert own == []
        assert (await client.delete(f"/v1/security-keys/{rows[1]['id']}")).status_code == 404, "another user's"


async def test_a_token_for_a_program_adds_and_removes_no_key(web: Web) -> None:
    async with web.client(authorization=f"Bearer {await web.secret('olga')}") as client:
        token = (await client.post("/v1/tokens", json={"label": "x"})).json()["secret"]
        await with_key(web, "olga")
        (key,) = (await client.get("/v1/security-keys")).json()["security_keys"]
    async with web.client(authorization=f"Bearer {token}") as program:
        assert (await program.post("/v1/security-keys/begin")).status_code == 403
        assert (await program.delete(f"/v1/security-keys/{key['id']}")).status_code == 403
    async with browser(web) as client:
        await asked_for(client, "olga")
    assert (await web.xend.client.post("/v1/security-keys/begin")).status_code == 403, "on the host nobody logs in"


@pytest.mark.parametrize("wrong", ["origin", "challenge", "host", "kind", "broken", "label", "again", "another login"])
async def test_a_key_that_cannot_be_added(web: Web, wrong: str) -> None:
    web.xend.policy[0] = "optional"
    key = Authenticator()
    async with browser(web) as client:
        await log_in(client, "olga")
        if wrong == "again":
            assert (await add(client, key)).status_code == 201
        asked = (await client.post("/v1/security-keys/begin")).json()
        options = asked["options"]
        said = {
            "origin": {"origin": "https://evil.example"},
            "challenge": {"challenge": "A" * 43},
            "kind": {"type": "webauthn.get"},
        }.get(wrong, {})
        if wrong == "host":
            options["rp"]["id"] = "evil.example"
        answer = key.create(options, **said)
        if wrong == "broken":
            answer["response"]["attestationObject"] = "AAAA"
        if wrong == "another login":
            await log_in(client, "vic")
        label = "" if wrong == "label" else "x"
        body = {"secret": asked["secret"], "label": label, "answer": answer}
        refused = await client.post("/v1/security-keys", json=body)
        assert refused.status_code == {"label": 422, "again": 409}.get(wrong, 401), refused.text
    assert len(web.xend.doors.second_factor._store.all()) == (wrong == "again")


async def test_keys_that_cannot_be_read_let_nobody_by(tmp_path: Path) -> None:
    file = tmp_path / "var/lib/xenia/security-keys.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"security_keys": [{}]}')
    store = SecurityKeyStore(DiskFiles(tmp_path))
    await store.load()
    with pytest.raises(XeniaError, match="cannot be read"):
        store.of("olga")
    assert file.read_text() == '{"security_keys": [{}]}'
