"""From which guest file a domain is started by its name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.world import World, read_really
from tests.support.xend import Xend, running_xend

WEB = "name = 'web'; kernel = '/boot/vmlinuz'; memory = {}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "xen"
    folder.mkdir()
    return folder


@pytest.fixture
async def xend(tmp_path: Path, folder: Path) -> AsyncIterator[Xend]:
    async with running_xend(tmp_path, World(folder=folder, read=read_really)) as running:
        yield running


def written(path: Path, memory: int = 64) -> str:
    path.write_text(WEB.format(memory))
    return str(path)


async def create(xend: Xend, file: str, domain: str = "") -> Any:
    body = {"text": Path(file).read_text(), "file": file, "domain": domain}
    return await xend.post("/domains", body, wait=10)


async def created(xend: Xend, file: str) -> None:
    assert (await create(xend, file)).status_code == 200


async def destroyed(xend: Xend) -> None:
    assert (await xend.post("/domains/web/destroy", wait=10)).status_code == 200


async def file_of(xend: Xend, ref: str = "web") -> str:
    answer = (await xend.get(f"/domains/{ref}/start-file")).json()
    return str(answer.get("file") or answer)


async def refused(xend: Xend, ref: str = "web") -> tuple[int, str, str]:
    answer = await xend.get(f"/domains/{ref}/start-file")
    return answer.status_code, answer.json()["detail"], answer.json()["hint"]


async def test_the_only_file_that_defines_it_is_taken_also_by_the_beginning_of_a_name(xend: Xend, folder: Path) -> None:
    file = written(folder / "any.cfg")
    assert (await xend.get("/domains/web/start-file")).json() == {"domain": "web", "file": file}
    assert (await xend.get("/domains/we/start-file")).json() == {"domain": "web", "file": file}


async def test_of_two_files_the_one_started_last_is_taken_and_none_before_that(xend: Xend, folder: Path) -> None:
    first, second = written(folder / "a.cfg"), written(folder / "b.cfg", 128)
    status, said, hint = await refused(xend)
    assert (status, hint.endswith(f"xm create {first}")) == (409, True)
    assert said == f"domain 'web' is defined by 2 files, and was started from none of them: {first}, {second}"
    for file in (second, first):
        await created(xend, file)
        await destroyed(xend)
        assert await file_of(xend) == file


async def test_a_file_elsewhere_counts_as_long_as_it_is_there(xend: Xend, folder: Path, tmp_path: Path) -> None:
    away = written(tmp_path / "away.cfg")
    await created(xend, away)
    await destroyed(xend)
    assert await file_of(xend) == away
    here = written(folder / "web.cfg")
    assert await file_of(xend) == away
    Path(away).unlink()
    assert await file_of(xend) == here


async def test_the_name_that_was_started_goes_before_the_beginning_of_another(
    xend: Xend, folder: Path, tmp_path: Path
) -> None:
    away = written(tmp_path / "away.cfg")
    await created(xend, away)
    await destroyed(xend)
    (folder / "web2.cfg").write_text("name = 'web2'; kernel = '/k'\n")
    assert await file_of(xend) == away


async def test_a_file_that_defines_another_domain_now_is_left_alone(xend: Xend, folder: Path) -> None:
    first, second = written(folder / "a.cfg"), written(folder / "b.cfg")
    await created(xend, first)
    await destroyed(xend)
    Path(first).write_text("name = 'db'; kernel = '/k'\n")
    assert await file_of(xend) == second


async def test_a_file_that_changed_its_domain_meanwhile_starts_nothing(xend: Xend, folder: Path) -> None:
    file = written(folder / "web.cfg")
    answer = await create(xend, file, "db")
    assert answer.status_code == 409
    assert answer.json()["detail"] == f"{file} defines 'web', not 'db'"
    assert (await create(xend, file, "web")).status_code == 200


async def test_what_cannot_be_started_says_why(xend: Xend, folder: Path) -> None:
    written(folder / "web.cfg")
    assert (await refused(xend, "wob")) == (404, "there is no domain 'wob'", "did you mean web?")
    assert (await refused(xend, "Domain-0"))[:2] == (422, "Domain-0 runs as long as the host does")
    await created(xend, str(folder / "web.cfg"))
    status, said, hint = await refused(xend)
    assert (status, said, hint) == (409, "domain 'web' exists already (id 1): it is running", "xm list web")


async def test_a_file_that_cannot_be_used_is_named_for_its_complaints_to_be_seen(xend: Xend, folder: Path) -> None:
    (folder / "web.cfg").write_text("name = \n")
    assert await file_of(xend) == str(folder / "web.cfg")


async def test_xend_starts_one_by_its_name(xend: Xend, folder: Path, tmp_path: Path) -> None:
    written(folder / "web.cfg")
    answer = await xend.post("/domains/web/start", {"paused": True}, wait=10)
    assert answer.status_code == 200, answer.text
    assert (await xend.get("/domains/web")).json()["domain"]["state"] == "paused"
    again = await xend.post("/domains/web/start", {}, wait=10)
    assert (again.status_code, "exists already" in again.json()["detail"]) == (409, True)
    for ref, status in (("none", 404), ("0", 422)):
        assert (await xend.post(f"/domains/{ref}/start", {}, wait=10)).status_code == status
    elsewhere = written(tmp_path / "far.cfg")
    await xend.post("/domains/web/destroy", {}, wait=10)
    await created(xend, elsewhere)
    await xend.post("/domains/web/destroy", {}, wait=10)
    refused = await xend.post("/domains/web/start", {}, wait=10)
    assert (refused.status_code, "is not in" in refused.json()["detail"]) == (422, True), refused.text
