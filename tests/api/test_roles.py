"""Each route asks for a role, and nobody below it gets anywhere."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import websockets
from fastapi.routing import iter_route_contexts
from starlette.requests import HTTPConnection
from tests.api.test_logins import FRONT, log_in, routes, visitor
from tests.support.xend import Xend

from xenia.api.app import make_app
from xenia.api.roles import ROUTES, Needed, Reach, needed_for
from xenia.model.caller import Role
from xenia.model.operations import OPERATIONS

WHO = {Role.VIEWER: "vic", Role.OPERATOR: "olga", Role.ADMINISTRATOR: "ada"}


def templates(xend: Xend) -> set[str]:
    """All routes but those of the login, as the table has them."""
    found = set()
    for route in iter_route_contexts(make_app(xend.doors).routes):
        path = str(route.path).removeprefix("/v1").replace("{ref:path}", "{ref}")
        found |= {f"{method} {path}" for method in route.methods or {"WEBSOCKET"}}
    return found - {f"{method} {path.removeprefix('/v1')}" for method, path in FRONT}


async def test_each_route_has_a_role(xend: Xend) -> None:
    """Whoever adds a route says here who may ask it: without that it is the administrators'."""
    assert set(ROUTES) == templates(xend)


def test_a_route_that_nobody_has_named_is_the_administrators() -> None:
    scope = {"type": "http", "method": "GET", "route": SimpleNamespace(path="/v1/new"), "headers": []}
    assert needed_for(HTTPConnection(scope)) == Needed(Role.ADMINISTRATOR, Reach.HOST)


def test_the_routes_ask_for_the_roles_of_their_operations() -> None:
    for route, needed_there in ROUTES.items():
        method, path = route.split()
        start, _, name = path.rpartition("/")
        if start == "/domains/{ref}" and method != "GET" and name in OPERATIONS:
            assert needed_there.role is OPERATIONS[name].role, route


def test_what_changes_something_is_not_for_viewers() -> None:
    own = {"WEBSOCKET /stream", "POST /logout", "POST /tokens", "DELETE /tokens/{token}"}
    own |= {"POST /security-keys", "POST /security-keys/begin", "DELETE /security-keys/{key}", "POST /login-links"}
    own |= {"POST /login-handovers"}
    viewers = {route for route, each in ROUTES.items() if each.role < Role.OPERATOR}
    assert {route for route in viewers if not route.startswith("GET ")} == own


def needed(xend: Xend) -> list[tuple[str, str, Role]]:
    """Method, path and role of each route; the domain is `one`, everything else is x or 1."""
    found = []
    for route, each in ROUTES.items():
        method, path = route.split()
        path = path.replace("{ref}", "one").replace("{number}", "1").replace("{pid}", "1")
        for word in ("{name}", "{token}", "{key}"):
            path = path.replace(word, "x")
        assert "{" not in path
        found.append((method, f"/v1{path}", each.role))
    assert len(found) == len(routes(xend))
    return found


def everything(xend: Xend, folder: Path) -> dict[str, Any]:
    """What a request could have changed; when a token was last used is not of it."""
    files = {
        str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "tokens.json"
    }
    listed = [(each.name, each.uuid, each.state) for each in xend.manager.inventory.all(everything=True)]
    return {"files": files, "domains": listed, "jobs": xend.manager.jobs(), "events": list(xend.world.published)}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
async def test_a_role_gets_no_further_than_it_goes(xend: Xend, tmp_path: Path, role: Role) -> None:
    await xend.create("one")
    secret = await log_in(xend, WHO[role])
    before = everything(xend, tmp_path)
    asked = 0
    async with visitor(xend, secret) as client:
        for method, path, wanted in needed(xend):
            if wanted <= role:
                continue
            asked += 1
            if method == "WEBSOCKET":
                with pytest.raises(websockets.InvalidStatus) as refused:
                    await websockets.unix_connect(
                        str(xend.web),
                        f"ws://xend{path}",
                        compression=None,
                        additional_headers={"authorization": f"Bearer {secret}"},
                    )
                assert refused.value.response.status_code == 403, path
                continue
            answer = await client.request(method, path, json={})
            assert answer.status_code == 403, (method, path, answer.text)
            assert f"needs the role {wanted.name.lower()}" in answer.json()["detail"], path
    assert asked > 50
    assert everything(xend, tmp_path) == before


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
async def test_a_role_may_look(xend: Xend, role: Role) -> None:
    await xend.create("one")
    async with visitor(xend, await log_in(xend, WHO[role])) as client:
        for method, path, wanted in needed(xend):
            if method != "GET" or path == "/v1/events" or wanted > role:
                continue
            assert (await client.request(method, path)).status_code not in (401, 403), path
        assert (await client.get("/v1/me")).json()["role"] == role.name.lower()


async def test_an_operator_runs_domains(xend: Xend) -> None:
    async with visitor(xend, await log_in(xend, "olga")) as client:
        made = await client.post("/v1/domains", params={"wait": 10}, json={"text": "name=one"})
        assert made.status_code == 200, made.text
        assert made.json()["job"]["caller"] == "olga"
        assert (await client.post("/v1/domains/one/pause", params={"wait": 10})).status_code == 200
