"""What starts with the host, over the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from tests.support.world import World, read_really
from tests.support.xend import Xend, running_xend

from xenia.api.answers import AutostartAnswer
from xenia.model.autostart import Linked

WEB = "name = 'web'\ntype = 'pvh'\nkernel = '/boot/vmlinuz'\nmemory = 64\nstop_timeout = 120\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "xen"
    folder.mkdir()
    (folder / "web.cfg").write_text(WEB)
    return folder


@pytest.fixture
async def xend(tmp_path: Path, folder: Path) -> AsyncIterator[Xend]:
    async with running_xend(tmp_path, World(folder=folder, read=read_really)) as running:
        yield running


async def test_a_domain_is_linked_started_and_linked_no_more(xend: Xend, folder: Path) -> None:
    linked = (await xend.client.put("/v1/autostart/web", json={"number": 7})).json()
    TypeAdapter(Linked).validate_python(linked)
    assert linked["link"] == f"{folder}/auto/07-web.cfg"
    answer = await xend.post("/host/start", wait=10)
    assert answer.status_code == 200, answer.text
    (row,) = (await xend.get("/autostart")).json()["last"]["rows"]
    assert (row["domain"], row["state"], row["detail"]) == ("web", "started", "id 1")
    shown = (await xend.get("/autostart")).json()
    TypeAdapter(AutostartAnswer).validate_python(shown)
    assert shown["members"][0]["order"]["stop_timeout"] == 120
    assert shown["obstacle"] == ""
    assert shown["last"]["kind"] == "host-start"
    assert (await xend.client.delete("/v1/autostart/web")).json()["link"] == ""
    assert (await xend.get("/autostart")).json()["members"] == []


@pytest.mark.parametrize("number", [-1, 10**6, "1", 1.5, True])
async def test_what_can_be_no_number(xend: Xend, number: object) -> None:
    answer = await xend.client.put("/v1/autostart/web", json={"number": number})
    assert answer.status_code == 422
    assert answer.json()["kind"] == "invalid"


async def test_nobody_is_not_found(xend: Xend) -> None:
    assert (await xend.client.put("/v1/autostart/nobody", json={})).status_code == 404
    assert (await xend.client.delete("/v1/autostart/nobody")).status_code == 404


async def test_the_host_is_stopped_and_comes_back(xend: Xend, folder: Path) -> None:
    text = (folder / "web.cfg").read_text()
    await xend.post("/domains", {"text": text, "file": f"{folder}/web.cfg"}, wait=10)
    answer = await xend.post("/host/stop", {"timeout": 10}, wait=10)
    assert answer.status_code == 200, answer.text
    assert [row["state"] for row in (await xend.get("/autostart")).json()["last"]["rows"]] == ["stopped"]
    assert (await xend.get("/domains")).json()["domains"][1:] == []
    await xend.post("/host/start", wait=10)
    back = (await xend.get("/autostart")).json()["last"]
    assert [(row["domain"], row["state"]) for row in back["rows"]] == [("web", "started")]


@pytest.mark.parametrize("timeout", [-1, "1", 86401, True])
async def test_what_can_be_no_timeout(xend: Xend, timeout: object) -> None:
    assert (await xend.post("/host/stop", {"timeout": timeout})).status_code == 422
