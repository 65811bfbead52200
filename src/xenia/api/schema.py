"""The OpenAPI document, made when it is first asked for: xend itself does not need it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter
from starlette.responses import Response

from xenia.api.answers import ANSWERS, json_response
from xenia.api.routes import Routes
from xenia.model.event import Event

router = Routes(in_schema=False)

_REF = "#/components/schemas/{model}"

PROBLEM_ANSWER = {
    "description": "An error: what happened, why, and what to do next",
    "content": {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}},
}


def answers(answer: type, *statuses: int) -> dict[int | str, dict[str, Any]]:
    """A route's answers in the document: `answer` with `statuses` (200 where none is given), a problem otherwise."""
    schema = {"$ref": _REF.format(model=answer.__name__)}
    good: dict[int | str, dict[str, Any]] = {
        status: {"description": HTTPStatus(status).phrase, "content": {"application/json": {"schema": schema}}}
        for status in statuses or (200,)
    }
    return good | {"default": PROBLEM_ANSWER}


def pictures() -> dict[int | str, dict[str, Any]]:
    """The answers of a route that has a picture: a PNG, a problem otherwise."""
    schema = {"type": "string", "format": "binary"}
    return {200: {"description": "OK", "content": {"image/png": {"schema": schema}}}, "default": PROBLEM_ANSWER}


def texts() -> dict[int | str, dict[str, Any]]:
    """The answers of a route that has a plain text, a problem otherwise."""
    return {
        200: {"description": "OK", "content": {"text/plain": {"schema": {"type": "string"}}}},
        "default": PROBLEM_ANSWER,
    }


def describe(app: FastAPI) -> dict[str, Any]:
    """The whole document (OpenAPI 3.1)."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    adapters: list[tuple[type, Literal["serialization"], TypeAdapter[Any]]] = [
        (answer, "serialization", TypeAdapter(answer)) for answer in (*ANSWERS, Event)
    ]
    _, definitions = TypeAdapter.json_schemas(adapters, ref_template=_REF)
    document["components"]["schemas"].update(definitions["$defs"])
    return document


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    app: FastAPI = request.app
    if app.openapi_schema is None:
        app.openapi_schema = describe(app)
    return json_response(app.openapi_schema)
