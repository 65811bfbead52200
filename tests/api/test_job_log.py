"""The log of a job, for those who may see the job."""

from __future__ import annotations

from tests.api.conftest import Xend


async def test_the_lines_of_a_job_come_at_once_or_from_one_on(xend: Xend) -> None:
    await xend.create("one")
    answer = await xend.post("/domains/one/shutdown", {"until_gone": True}, wait=10)
    job = answer.json()["job"]
    lines = (await xend.get(f"/jobs/{job['id']}/log")).json()["lines"]
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    assert [line["text"] for line in lines][-2:] == ["waits for the guest to end", "it has ended"]
    assert job["last_line"] == lines[-1]
    after = (await xend.get(f"/jobs/{job['id']}/log", after=len(lines) - 1)).json()["lines"]
    assert after == lines[-1:]
    assert (await xend.get(f"/jobs/{job['id']}/log", after=len(lines))).json() == {"lines": []}


async def test_what_is_no_job_or_no_number(xend: Xend) -> None:
    await xend.create("one")
    for number, after, status in (("77", "0", 404), ("x", "0", 422), ("1", "-1", 422), ("1", "9" * 30, 422)):
        assert (await xend.get(f"/jobs/{number}/log", after=after)).status_code == status, (number, after)
