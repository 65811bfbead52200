"""What may be done with domains, when, and why not: for pages that show it before somebody asks."""

from __future__ import annotations

from starlette.responses import Response

from xenia.api.answers import OperationList, OperationRow, json_response
from xenia.api.doors import DoorsOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain
from xenia.model.domain import State
from xenia.model.errors import XeniaError
from xenia.model.host import EngineReport
from xenia.model.operations import OPERATIONS, Operation, Reason, able, refusal

router = Routes("domains")


@router.get("/operations", summary="What may be done with domains, when, and why not", responses=answers(OperationList))
async def operations(doors: DoorsOf) -> Response:
    """It changes with the engine alone, so not while this xend runs."""
    engine = doors.manager.engine_report()
    return json_response(to_plain(OperationList(tuple(_row(each, engine) for each in OPERATIONS.values()))))


def _row(operation: Operation, engine: EngineReport) -> OperationRow:
    return OperationRow(
        operation.name,
        operation.sentence,
        operation.role.name.lower(),
        operation.domain_0,
        {state.value: reason for state in State if (reason := refusal(operation, state))},
        tuple(sorted(state.value for state in operation.idempotent_in)),
        _unable(operation, engine),
    )


def _unable(operation: Operation, engine: EngineReport) -> Reason | None:
    try:
        able(operation, engine)
    except XeniaError as error:
        return Reason(error.message, error.hint or "")
    return None
