"""Agents over the socket."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.support.xend import Xend

from xenia.model.agent import AgentInfo, Interface

TOLD = AgentInfo(
    "simulated", "1", "\x1b[31mLinux", interfaces=(Interface("eth0", "", ("192.0.2.7/24",), vif=0),), time_offset=1.5
)


@pytest.fixture
async def web(xend: Xend) -> Xend:
    xend.world.host.agents["web"] = TOLD
    await xend.create("web")
    return xend


async def test_it_tells_and_does(web: Xend) -> None:
    told = (await web.get("/domains/web/agent")).json()["agent"]
    assert (told["os"], told["time_offset"], told["frozen"]) == ("\x1b[31mLinux", 1.5, False)
    (card,) = (await web.get("/domains/web/agent/interfaces")).json()["interfaces"]
    assert (card["vif"], card["addresses"]) == (0, ["192.0.2.7/24"])
    assert (await web.post("/domains/web/agent-ping")).json() == {"seconds": 0.001}
    answer = await web.post("/domains/web/agent-time", wait=10)
    assert answer.json()["job"]["result"] == {"domain": "web", "offset": 0.0}
    answer = await web.post("/domains/web/agent-freeze", {"seconds": 5}, wait=10)
    assert answer.json()["job"]["result"] == {"domain": "web", "filesystems": 1, "seconds": 5.0}
    answer = await web.post("/domains/web/agent-thaw", wait=10)
    assert answer.json()["job"]["result"] == {"domain": "web", "filesystems": 1}
    body = {"command": ["true"], "stdin": base64.b64encode(b"input").decode()}
    assert (await web.post("/domains/web/agent-exec", body)).json() == {"pid": 1}
    ended = (await web.get("/domains/web/agent-exec/1", wait=1)).json()["execution"]
    assert (ended["exited"], ended["exit_code"]) == (True, 0)


async def test_a_domain_is_shown_with_its_addresses_where_they_are_asked_for(web: Xend) -> None:
    assert (await web.get("/domains/web")).json()["interfaces"] == []
    (card,) = (await web.get("/domains/web", interfaces="true")).json()["interfaces"]
    assert card["addresses"] == ["192.0.2.7/24"]
    web.world.host.mute.add("web")
    answer = await web.get("/domains/web", interfaces="true")
    assert (answer.status_code, answer.json()["interfaces"]) == (200, [])
    assert (await web.get("/domains/0", interfaces="true")).json()["interfaces"] == []


async def test_how_a_guest_is_asked_to_shut_down_is_said(web: Xend) -> None:
    answer = await web.post("/domains/web/shutdown", {"until_gone": True, "mode": "acpi"}, wait=10)
    assert answer.json()["job"]["result"] == {"domain": "web", "asked": "acpi"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "web/agent-exec", {"command": []}, 422),
        ("POST", "web/agent-exec", {"command": [""]}, 422),
        ("POST", "web/agent-exec", {"command": "true"}, 422),
        ("POST", "web/agent-exec", {"command": ["true"], "stdin": "\x00no base64"}, 422),
        ("POST", "web/agent-exec", {"command": ["nix"]}, 502),
        ("POST", "web/agent-freeze", {"seconds": 0}, 422),
        ("POST", "web/agent-freeze", {"seconds": 601}, 422),
        ("POST", "web/agent-freeze", {"seconds": "5"}, 422),
        ("POST", "web/shutdown", {"mode": "force"}, 422),
        ("POST", "web/pause", {"mode": "acpi"}, 422),
        ("POST", "deaf/agent-ping", None, 409),
        ("POST", "0/agent-freeze", None, 422),
        ("POST", "nobody/agent-thaw", None, 404),
        ("GET", "nobody/agent", None, 404),
        ("GET", "0/agent", None, 422),
        ("GET", "deaf/agent", None, 409),
        ("GET", "mute/agent", None, 504),
        ("GET", "web/agent-exec/2", None, 502),
        ("GET", "web/agent-exec/x", None, 422),
        ("GET", "web/agent-exec/-1", None, 422),
    ],
)
async def test_what_is_wrong_is_told(web: Xend, method: str, path: str, body: Any, status: int) -> None:
    await web.create("deaf")
    web.world.host.agents["mute"] = TOLD
    web.world.host.mute.add("mute")
    await web.create("mute")
    answer = await (web.get(f"/domains/{path}") if method == "GET" else web.post(f"/domains/{path}", body, wait=10))
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
