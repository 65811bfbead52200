"""Rights on single domains: what somebody gets to see and may do who has nothing but those."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import websockets
from tests.api.test_events import frames
from tests.api.test_logins import log_in, visitor
from tests.api.test_roles import everything
from tests.support.stream import done, frame, row, until_told
from tests.support.world import World, read_really
from tests.support.xend import Xend, running_xend
from websockets.asyncio.client import ClientConnection

from xenia.api.roles import ROUTES, Reach
from xenia.manager.logins.people import Admitted
from xenia.model.caller import Caller, Role
from xenia.model.grant import read_grant

PVH = "type = 'pvh'\nkernel = '/boot/vmlinuz'\nmemory = 256\n"
HIDDEN = ("db", "dbother", "Domain-0", "secret")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "xen"
    folder.mkdir()
    for name, tags in (("web1", "'web', 'prod'"), ("web2", "'web'"), ("db", "'secret'"), ("dbother", "")):
        (folder / f"{name}.cfg").write_text(f"name = '{name}'\n{PVH}tags = [ {tags} ]\n")
    return folder


@pytest.fixture
async def xend(tmp_path: Path, folder: Path) -> AsyncIterator[Xend]:
    """web1 and db run; web2 and dbother do not."""
    async with running_xend(tmp_path, World(folder=folder, read=read_really)) as running:
        for name in ("web1", "db"):
            await start(running, folder / f"{name}.cfg")
        yield running
        for guest in running.world.host.guests.values():
            guest.close()


async def start(xend: Xend, file: Path) -> None:
    answer = await xend.post("/domains", {"text": file.read_text(), "file": str(file)}, wait=10)
    assert answer.status_code == 200, answer.text


def grant(xend: Xend, *grants: str) -> None:
    admitted = Admitted(("ada",), ("@ops",), ("vic",), tuple(map(read_grant, grants)))
    xend.doors.logins.people.admitted = admitted


async def as_gus(xend: Xend, *grants: str) -> str:
    grant(xend, *grants)
    return await log_in(xend, "gus")


def names(answer: httpx2.Response) -> list[str]:
    return [each["name"] for each in answer.json()["domains"]]


async def test_who_has_a_grant_comes_in(xend: Xend) -> None:
    async with visitor(xend) as client:
        refused = await client.post("/v1/login", json={"user": "gus", "password": "sug"})
        assert refused.status_code == 403
    secret = await as_gus(xend, "operator gus tag:web", "viewer @guests db*", "viewer eve *")
    async with visitor(xend, secret) as client:
        me = (await client.get("/v1/me")).json()
        assert (me["role"], me["grants"]) == ("none", ["operator tag:web", "viewer db*"])
        assert names(await client.get("/v1/domains?all=true")) == ["web1", "db", "dbother", "web2"]
        grant(xend)
        assert (await client.get("/v1/me")).status_code == 401


@pytest.mark.parametrize("where", ["tag:web", "web?", "web*"])
async def test_others_domains_are_in_no_list(xend: Xend, where: str) -> None:
    async with visitor(xend, await as_gus(xend, f"viewer gus {where}")) as client:
        assert names(await client.get("/v1/domains")) == ["web1"]
        assert names(await client.get("/v1/domains?all=true&addresses=true")) == ["web1", "web2"]
        assert names(await client.get("/v1/domains?all=true&tag=secret")) == []
        stats = (await client.get("/v1/stats")).json()["domains"]
        assert [each["domain"]["name"] for each in stats] == ["web1"]
        metrics = (await client.get("/v1/metrics")).text
        assert 'domain="web1"' in metrics
        assert "xenia_host" not in metrics
        for path in ("metrics", "stats", "vcpus", "shares", "jobs", "domains", "domains?all=true", "me", "tokens"):
            answer = await client.get(f"/v1/{path}")
            assert not [word for word in HIDDEN if f'"{word}"' in answer.text], (path, answer.text)


async def test_a_domain_of_others_is_not_there(xend: Xend) -> None:
    """Whatever word names it, and whether it is there or not."""
    uuid = (await xend.get("/domains/db")).json()["domain"]["uuid"]
    async with visitor(xend, await as_gus(xend, "operator gus web1")) as client:
        for there, nowhere in (("db", "xy"), ("d", "x"), ("2", "9"), ("0", "7"), ("Domain-0", "Domain-9")):
            answers = [await client.get(f"/v1/domains/{ref}") for ref in (there, nowhere)]
            said = answers[1].text.replace(f"'{nowhere}'", f"'{there}'")
            assert (answers[0].status_code, answers[0].text) == (404, said)
        assert (await client.get(f"/v1/domains/{uuid}")).status_code == 404
        for ref in ("web1", "w", "1"):
            assert (await client.get(f"/v1/domains/{ref}")).json()["domain"]["name"] == "web1"


async def open_socket(xend: Xend, path: str, secret: str) -> int:
    """The status of the answer."""
    headers = {"authorization": f"Bearer {secret}"}
    try:
        async with websockets.unix_connect(
            str(xend.web), f"ws://xend{path}", compression=None, additional_headers=headers
        ):
            return 101
    except websockets.InvalidStatus as refused:
        return refused.response.status_code


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.ADMINISTRATOR])
async def test_no_route_goes_past_a_grant(xend: Xend, tmp_path: Path, role: Role) -> None:
    """All of them: those of the host are denied, those of others' domains find nothing, and nothing is changed."""
    secret = await as_gus(xend, f"{role.name.lower()} gus tag:web")
    before = everything(xend, tmp_path)
    asked = 0
    async with visitor(xend, secret) as client:
        for route, needed in ROUTES.items():
            method, path = route.split()
            for word, value in (("{number}", "1"), ("{pid}", "1"), ("{name}", "x"), ("{token}", "x")):
                path = path.replace(word, value)
            for ref in ("db", "web1") if "{ref}" in path else ("",):
                if needed.reach is Reach.HOST:
                    expected = 403
                elif needed.reach is Reach.DOMAIN and ref == "db":
                    expected = 404
                elif needed.role > role:
                    expected = 403
                else:
                    continue
                url = f"/v1{path.replace('{ref}', ref)}"
                if method == "WEBSOCKET":
                    assert await open_socket(xend, url, secret) == expected, url
                    continue
                answer = await client.request(method, url, json={})
                assert answer.status_code == expected, (method, url, answer.text)
                if expected == 404:
                    assert answer.json()["detail"] == "there is no domain 'db'"
                asked += 1
    assert asked > 100
    assert everything(xend, tmp_path) == before


async def test_an_operator_of_a_domain_runs_it(xend: Xend, folder: Path) -> None:
    secret = await as_gus(xend, "operator gus tag:web")
    async with visitor(xend, secret) as client:
        for asked in ("web1/pause", "1/unpause", "web1/destroy", "web1/start", "web2/start"):
            answer = await client.post(f"/v1/domains/{asked}", params={"wait": 10}, json={})
            assert answer.status_code == 200, (asked, answer.text)
        assert xend.audit[-1]["role"] == "operator"
        jobs = (await client.get("/v1/jobs")).json()["jobs"]
        assert {job["domain"] for job in jobs} == {"web1", "web2"}
        hidden = next(job.id for job in xend.manager.jobs() if job.domain == "db")
        nowhere = await client.get("/v1/jobs/999")
        assert (await client.get(f"/v1/jobs/{jobs[0]['id']}/log")).json()["lines"]
        for answer in (
            await client.get(f"/v1/jobs/{hidden}"),
            await client.get(f"/v1/jobs/{hidden}/log"),
            await client.post(f"/v1/jobs/{hidden}/cancel"),
        ):
            assert (answer.status_code, answer.text.replace(f"job {hidden}", "job 999")) == (404, nowhere.text)
        assert (await client.post("/v1/domains", json={"text": f"name = 'web3'\n{PVH}"})).status_code == 403
        live = await client.post("/v1/domains/web1/mem-set", params={"wait": 10}, json={"size": 128, "scope": "both"})
        assert live.status_code == 200, live.text
        filed = await client.post("/v1/domains/web1/mem-set", json={"size": 128, "scope": "config"})
        assert filed.status_code == 403
    assert "memory = 256" in (folder / "web1.cfg").read_text()
    assert await open_socket(xend, "/v1/domains/web1/console", secret) not in (401, 403)


async def test_a_viewer_of_a_domain_looks(xend: Xend) -> None:
    secret = await as_gus(xend, "viewer gus web1")
    async with visitor(xend, secret) as client:
        assert (await client.get("/v1/domains/web1")).status_code == 200
        assert (await client.get("/v1/domains/web1/stats")).status_code == 200
        assert (await client.post("/v1/domains/web1/pause", json={})).status_code == 403
    assert await open_socket(xend, "/v1/domains/web1/console", secret) == 403


async def test_an_administrator_of_a_domain_is_none_of_the_host(xend: Xend, folder: Path) -> None:
    before = (folder / "web1.cfg").read_text()
    async with visitor(xend, await as_gus(xend, "administrator gus web1")) as client:
        ran = await client.post("/v1/domains/web1/agent-exec", json={"command": ["true"]})
        assert ran.status_code != 403
        both = await client.post("/v1/domains/web1/mem-set", params={"wait": 10}, json={"size": 128, "scope": "both"})
        assert both.status_code == 200, both.text
        for path, body in (
            ("domains/web1/mem-set", {"size": 128, "scope": "config"}),
            ("domains/web1/rename", {"name": "db9"}),
            ("domains/web1/save", {"file": "/etc/passwd"}),
            ("domains/web1/dump-core", {"file": "/etc/passwd"}),
            ("domains/web1/qemu-monitor-command", {"command": "info status"}),
            ("guest-files/web1/revert", {}),
        ):
            answer = await client.post(f"/v1/{path}", json=body)
            assert answer.status_code == 403, (path, answer.text)
        assert (await client.get("/v1/guest-files/web1")).status_code == 403
    assert (folder / "web1.cfg").read_text() == before


async def test_grants_add_to_the_role_on_the_host(xend: Xend) -> None:
    grant(xend, "operator vic web1", "viewer olga web1")
    async with visitor(xend, await log_in(xend, "vic")) as client:
        assert (await client.get("/v1/me")).json()["role"] == "viewer"
        assert names(await client.get("/v1/domains")) == ["Domain-0", "web1", "db"]
        assert (await client.get("/v1/host")).status_code == 200
        assert (await client.post("/v1/domains/db/pause", json={})).status_code == 403
        assert (await client.post("/v1/domains/web1/pause", params={"wait": 10}, json={})).status_code == 200
    async with visitor(xend, await log_in(xend, "olga")) as client:
        assert (await client.get("/v1/me")).json()["grants"] == []
        assert (await client.post("/v1/domains/db/pause", params={"wait": 10}, json={})).status_code == 200


async def test_a_token_is_worth_no_more_than_it_says(xend: Xend) -> None:
    async with visitor(xend, await as_gus(xend, "operator gus web1")) as client:
        too_much = await client.post("/v1/tokens", json={"label": "x", "role": "administrator"})
        assert too_much.status_code == 403
        given = (await client.post("/v1/tokens", json={"label": "x", "role": "viewer"})).json()
    async with visitor(xend, given["secret"]) as program:
        assert names(await program.get("/v1/domains")) == ["web1"]
        assert (await program.post("/v1/domains/web1/pause", json={})).status_code == 403
        assert len((await program.get("/v1/tokens")).json()["tokens"]) == 2


async def test_tags_that_an_operator_makes_up_give_no_right(xend: Xend) -> None:
    grant(xend, "administrator @ops tag:web", "viewer gus tag:web")
    async with visitor(xend, await log_in(xend, "olga")) as client:
        text = f"name = 'mine'\n{PVH}tags = [ 'web' ]\n"
        made = await client.post("/v1/domains", params={"wait": 10}, json={"text": text})
        assert made.status_code == 200, made.text
        refused = await client.post("/v1/domains/mine/agent-exec", json={"command": ["true"]})
        assert refused.status_code == 403
    async with visitor(xend, await log_in(xend, "gus")) as client:
        assert names(await client.get("/v1/domains?all=true")) == ["web1", "web2"]


async def test_rights_follow_the_tags_of_the_guest_file(xend: Xend, folder: Path) -> None:
    async with visitor(xend, await as_gus(xend, "operator gus tag:prod")) as client:
        assert names(await client.get("/v1/domains?all=true")) == ["web1"]
        for name, tags in (("web1", ""), ("db", "'prod'")):
            changed = [{"action": "set", "key": "tags", "value": f"[ {tags} ]"}]
            assert (await xend.client.patch(f"/v1/guest-files/{name}", json={"changes": changed})).status_code == 200
        assert names(await client.get("/v1/domains")) == ["db"]
        assert names(await client.get("/v1/domains?all=true")) == ["db"]
        (folder / "web1.cfg").write_text(f"name = 'web1'\n{PVH}tags = ['prod']\n")  # as an editor does
        assert names(await client.get("/v1/domains")) == ["web1", "db"]
        (folder / "web1.cfg").write_text(f"name = 'web1'\n{PVH}tags = ['other']\n")
        assert (await client.get("/v1/domains/web1")).status_code == 404
        assert (await client.post("/v1/domains/db/pause", params={"wait": 10}, json={})).status_code == 200


async def test_events_of_others_domains_are_not_told(xend: Xend, folder: Path) -> None:
    secret = await as_gus(xend, "viewer gus tag:web")
    async with visitor(xend, secret) as client, client.stream("GET", "/v1/events") as stream:
        await xend.post("/domains/db/pause", wait=10)
        await xend.post("/domains/web1/pause", wait=10)
        await xend.post("/domains/db/destroy", wait=10)
        (folder / "web1.cfg").unlink()
        await xend.post("/domains/web1/destroy", wait=10)
        await start(xend, folder / "web2.cfg")
        told = await frames(stream.aiter_lines(), 3)
    assert [(each["domain"], each["kind"]) for each in told] == [
        ("web1", "paused"),
        ("web1", "ended"),
        ("web2", "started"),
    ]


async def test_the_live_stream_tells_of_what_is_seen_alone(xend: Xend, folder: Path) -> None:
    """A domain comes in sight and goes out of it with its tags; jobs of it are told to their end."""
    secret = await as_gus(xend, "viewer gus tag:web")
    async with listening(xend, secret, "?stats=2") as listener:
        state = await frame(listener)
        assert (state["host"], [each["name"] for each in state["domains"]]) == (None, ["web1", "web2"])
        assert all(each["domain"] == "web1" for each in state["jobs"])
        await xend.post("/domains/db/pause", wait=10)
        await xend.post("/domains/web1/pause", wait=10)
        told = await until_told(listener, done("pause"))
        stats = next(each for each in [*told, *await until_told(listener, is_stats)] if each["type"] == "stats")
        assert [each["domain"]["name"] for each in stats["domains"]] == ["web1"]
        assert '"db"' not in json.dumps([state, *told, stats])
        (folder / "web1.cfg").write_text(f"name = 'web1'\n{PVH}tags = [ 'other' ]\n")
        await xend.get("/domains", all="true")
        assert (await until_told(listener, row("web1", None)))[-1]["sequence"] == state["sequence"] + 2
        await xend.post("/domains/web1/unpause", wait=10)
        (folder / "web3.cfg").write_text(f"name = 'web3'\n{PVH}tags = [ 'web' ]\n")
        await start(xend, folder / "web3.cfg")
        told = await until_told(listener, row("web3", "running"))
        (folder / "web3.cfg").unlink()
        await xend.get("/domains", all="true")
        await xend.post("/domains/web3/destroy", wait=10)
        told += await until_told(listener, row("web3", None))
        assert {each["domain"] for each in told if each["type"] == "event"} == {"web3"}
        assert {each["job"]["domain"] for each in told if each["type"] == "job"} == {"web3"}


async def test_who_sees_some_domains_alone_always_begins_anew(xend: Xend) -> None:
    secret = await as_gus(xend, "viewer gus tag:web")
    async with listening(xend, secret) as listener:
        state = await frame(listener)
    assert {each["domain"] for each in state["events"]} == {"web1"}
    async with listening(xend, secret, f"?run={state['run']}&after={state['sequence']}") as listener:
        assert [(await frame(listener))["type"] for _ in range(2)] == ["resync", "state"]


def is_stats(told: dict[str, Any]) -> bool:
    return bool(told["type"] == "stats")


def listening(xend: Xend, secret: str, query: str = "") -> Any:
    headers = {"authorization": f"Bearer {secret}"}
    url = f"ws://xend/v1/stream{query}"
    return websockets.unix_connect(str(xend.web), url, compression=None, additional_headers=headers)


async def test_a_name_that_is_the_id_of_another_domain_finds_neither(xend: Xend, folder: Path) -> None:
    (folder / "two.cfg").write_text(f"name = '2'\n{PVH}")
    db: Any = (await xend.get("/domains/db")).json()["domain"]
    assert db["domid"] == 2
    async with visitor(xend, await as_gus(xend, "operator gus 2")) as client:
        assert names(await client.get("/v1/domains?all=true")) == ["2"]
        assert (await client.post("/v1/domains/2/destroy", json={})).status_code == 404
    assert (await xend.get("/domains/db")).json()["domain"]["state"] == "running"


async def test_an_administrator_of_a_domain_puts_it_away_and_takes_it_back(xend: Xend, folder: Path) -> None:
    await xend.post("/domains/web1/destroy", wait=10)
    (folder / "web1.cfg").write_text(f"name = 'web1'\n{PVH}tags = [ 'web' ]\ndisk = [ 'file:/images/web,xvda,w' ]\n")
    await start(xend, folder / "web1.cfg")
    async with visitor(xend, await as_gus(xend, "administrator gus tag:web")) as client:
        for verb in ("suspend", "resume"):
            answer = await client.post(f"/v1/domains/web1/{verb}", params={"wait": 10}, json={})
            assert answer.status_code == 200, (verb, answer.text)
        made = await client.post("/v1/domains/web1/snapshots", params={"wait": 10}, json={"name": "s1"})
        assert made.status_code == 200, made.text
        await xend.client.patch(
            "/v1/guest-files/web1", json={"changes": [{"action": "set", "key": "tags", "value": "['web', 'new']"}]}
        )
        shown = (await client.get("/v1/domains/web1/snapshots/s1")).json()
        assert shown["text"] == ""
        back = await client.post("/v1/domains/web1/snapshots/s1/revert", params={"wait": 10}, json={})
        assert back.status_code == 200, back.text
    assert "new" in (folder / "web1.cfg").read_text()


async def granted_screen(xend: Xend, secret: str) -> ClientConnection:
    headers = {"authorization": f"Bearer {secret}"}
    return await websockets.unix_connect(
        str(xend.web), "ws://xend/v1/domains/web1/vncviewer", additional_headers=headers
    )


@pytest.mark.parametrize("way", ["the grant is taken", "it becomes less", "the file's tag goes"])
async def test_a_screen_that_a_grant_opened_ends_with_it(
    xend: Xend, folder: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """And not before."""
    looks = asyncio.Event()
    monkeypatch.setattr("xenia.api.lasting._LOOK_AGAIN", 0.02)
    still = xend.doors.logins.still

    async def counted(caller: Caller) -> Caller:
        looks.set()
        return await still(caller)

    monkeypatch.setattr(type(xend.doors.logins), "still", lambda _self, caller: counted(caller))
    screen = await granted_screen(xend, await as_gus(xend, "operator gus tag:prod"))
    for _ in range(3):
        looks.clear()
        await looks.wait()
    await screen.ping()
    assert screen.close_code is None
    if way == "the grant is taken":
        grant(xend)
    elif way == "it becomes less":
        grant(xend, "viewer gus tag:prod")
    else:
        (folder / "web1.cfg").write_text(f"name = 'web1'\n{PVH}tags = [ 'web' ]\n")
    async with asyncio.timeout(30):
        await screen.wait_closed()
    assert screen.close_code == 1008


async def test_a_ticket_that_a_grant_gave_is_good_for_its_domain(xend: Xend) -> None:
    secret = await as_gus(xend, "operator gus web1")
    async with visitor(xend, secret) as client:
        given = await client.post("/v1/domains/web1/tickets", json={"for": "vncviewer"})
        assert (await client.post("/v1/domains/db/tickets", json={"for": "vncviewer"})).status_code == 404
    address = "ws://xend/v1/domains/web1/vncviewer"
    subprotocols: Any = ["binary", f"xenia.ticket.{given.json()['ticket']}"]
    async with websockets.unix_connect(str(xend.web), address, subprotocols=subprotocols) as screen:
        assert screen.subprotocol == "binary"
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.unix_connect(str(xend.web), address, subprotocols=subprotocols)
    assert refused.value.response.status_code == 401
