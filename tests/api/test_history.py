"""GET /domains/REF/history, GET /host/history."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.api.test_grants import as_gus
from tests.api.test_logins import visitor
from tests.support.world import World, read_really
from tests.support.xend import Xend, running_xend

from xenia.manager.usage_sampler import UsageSampler
from xenia.model.usage import FIGURES


async def test_what_was_used_comes_in_columns(xend: Xend) -> None:
    await xend.create("web")
    sampler = UsageSampler(xend.manager.usage)
    xend.world.now = 10_009.9
    await sampler.look()
    xend.world.now = 10_040.1
    await sampler.look()
    told = (await xend.get("/domains/web/history")).json()
    assert set(told) == {"now", "begin", "step", *FIGURES}
    assert (told["now"], told["begin"], told["step"]) == (10_040.1, 10_000, 10)
    assert told["memory"] == [128, None, None, 128]
    assert {len(told[name]) for name in FIGURES} == {4}
    host = (await xend.get("/host/history", hours=24)).json()
    assert (host["begin"], host["step"], host["memory"]) == (9900, 180, [8192])


STEPS = {1: 10, 2: 180, 24: 180, 25: 900, 168: 900, 169: 3600, 744: 3600}


@pytest.mark.parametrize(("hours", "step"), STEPS.items())
async def test_the_further_back_the_coarser(xend: Xend, hours: int, step: int) -> None:
    assert (await xend.get("/host/history", hours=hours)).json()["step"] == step


@pytest.mark.parametrize("hours", ["0", "-1", "745", "1e9", "x", "", "1.5", "9" * 400])
@pytest.mark.parametrize("path", ["/host/history", "/domains/Domain-0/history"])
async def test_hours_that_make_no_sense_are_refused(xend: Xend, path: str, hours: str) -> None:
    answer = await xend.get(path, hours=hours)
    assert answer.status_code == 422
    assert "hours" in answer.json()["detail"]


async def test_who_is_not_there_is_said_and_who_has_never_run_has_used_nothing(tmp_path: Path) -> None:
    (tmp_path / "xen").mkdir()
    (tmp_path / "xen/off.cfg").write_text("name='off'\n")
    async with running_xend(tmp_path, World(folder=tmp_path / "xen", read=read_really)) as xend:
        assert (await xend.get("/domains/nix/history")).status_code == 404
        told = (await xend.get("/domains/off/history")).json()
        assert {len(told[name]) for name in FIGURES} == {0}


async def test_who_sees_some_domains_alone_is_told_of_those_and_not_of_the_host(xend: Xend) -> None:
    for name in ("one", "two"):
        await xend.create(name)
    async with visitor(xend, await as_gus(xend, "viewer gus one")) as client:
        for path, status in (("/domains/one", 200), ("/domains/two", 404), ("/host", 403)):
            assert (await client.get(f"/v1{path}/history")).status_code == status, path
    async with visitor(xend, "") as nobody:
        assert (await nobody.get("/v1/domains/one/history")).status_code == 401
