"""What may be done is told before it is asked for, in the words in which it would be refused."""

from __future__ import annotations

from typing import Any

from tests.support.xend import Xend

from xenia.model.domain import State
from xenia.model.errors import XeniaError
from xenia.model.operations import OPERATIONS, Operation, permit


async def told(xend: Xend) -> dict[str, dict[str, Any]]:
    answer = await xend.get("/operations")
    assert answer.status_code == 200
    return {each["name"]: each for each in answer.json()["operations"]}


async def test_what_is_told_is_what_is_refused(xend: Xend) -> None:
    rows = await told(xend)
    assert rows.keys() == OPERATIONS.keys()
    for name, operation in OPERATIONS.items():
        for state in State:
            reason = rows[name]["refused"].get(state.value)
            said = reason and (reason["message"].format(name="web"), reason["hint"].format(name="web", file="web.cfg"))
            assert said == refused(operation, state), (name, state)


def refused(operation: Operation, state: State) -> tuple[str, str] | None:
    try:
        permit(operation, name="web", state=state, file="web.cfg")
    except XeniaError as error:
        return error.message, error.hint or ""
    return None


async def test_what_the_engine_cannot_do_is_told_with_its_reason(xend: Xend) -> None:
    rows = await told(xend)
    assert (rows["pause"]["unable"], rows["pause"]["idle"]) == (None, ["paused"])
    lacking = [each["unable"] for each in rows.values() if each["unable"]]
    assert lacking, "the engine of the tests lacks something"
    assert all("the engine simulated on this host cannot do it" in each["message"] for each in lacking)
    assert all(each["hint"] for each in lacking)
