"""Guest files as texts: looked over, and nothing kept of them."""

from __future__ import annotations

from starlette.responses import Response

from xenia.api.answers import CheckAnswer, ConvertAnswer, ExplainAnswer, json_response
from xenia.api.bodies import CheckBody, ConvertBody
from xenia.api.doors import DoorsOf
from xenia.api.peer import CallerOf
from xenia.api.routes import Routes
from xenia.api.schema import answers
from xenia.lib.codec import to_plain

router = Routes("guest files")


@router.post("/check", summary="All there is to say about a guest file", responses=answers(CheckAnswer))
async def check(doors: DoorsOf, caller: CallerOf, body: CheckBody) -> Response:
    checked = await doors.manager.check(body.request(), caller)
    name = checked.config.name if checked.config is not None else None
    answer = CheckAnswer(body.file, name, checked.engine, checked.assumed, checked.complaints, checked.claims)
    return json_response(to_plain(answer))


@router.post("/explain", summary="What each line of a guest file became", responses=answers(ExplainAnswer))
async def explain(doors: DoorsOf, caller: CallerOf, body: CheckBody) -> Response:
    return json_response(to_plain(await doors.manager.explain(body.request(), caller)))


@router.post("/convert", summary="A guest file in another form", responses=answers(ConvertAnswer))
async def convert(doors: DoorsOf, body: ConvertBody) -> Response:
    return json_response(to_plain(await doors.manager.convert(body.request())))
