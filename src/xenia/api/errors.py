"""Errors at the edge: every one becomes problem JSON (RFC 9457), whoever raised it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response

from xenia.api.answers import json_response
from xenia.model.errors import ErrorKind, XeniaError, invalid, not_found

PROBLEM = "application/problem+json"
_SHOWN = 5
_KINDS = {401: ErrorKind.UNAUTHENTICATED, 403: ErrorKind.DENIED, 404: ErrorKind.NOT_FOUND, 503: ErrorKind.UNAVAILABLE}


def install(app: FastAPI) -> None:
    """Have `app` answer every error that is foreseen in this one shape."""
    app.exception_handler(XeniaError)(_known)
    app.exception_handler(RequestValidationError)(_not_valid)
    app.exception_handler(WebSocketRequestValidationError)(_not_valid)
    app.exception_handler(HTTPException)(_refused)


def problem_response(
    error: XeniaError, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """`error` as an answer; `status` where HTTP has a closer word for it than its kind."""
    if error.kind is ErrorKind.UNAUTHENTICATED:
        headers = {**(headers or {}), "www-authenticate": "Bearer"}
    return problem_json(error.problem() | ({"status": status} if status is not None else {}), headers)


def problem_json(problem: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """A problem object, as XeniaError.problem() makes it, as an answer."""
    return json_response(problem, problem["status"], headers=headers, media_type=PROBLEM)


def internal() -> XeniaError:
    return XeniaError(
        "xend met a defect of its own",
        kind=ErrorKind.INTERNAL,
        hint="its log says more: var/log/xenia/xend.log below its root",
    )


async def unknown_route(scope: Any, receive: Any, send: Any) -> None:
    """What answers where no route does, HTTP and WebSocket alike."""
    connection = HTTPConnection(scope)
    method = "WebSocket" if scope["type"] == "websocket" else scope["method"]
    error = not_found(f"there is no {method} {connection.url.path}", "GET /v1/openapi.json lists all routes")
    await problem_response(error)(scope, receive, send)


async def _known(_: HTTPConnection, error: XeniaError) -> Response:
    return problem_response(error)


async def _not_valid(_: HTTPConnection, error: RequestValidationError | WebSocketRequestValidationError) -> Response:
    remarks = error.errors()
    said = "; ".join(_say(remark) for remark in remarks[:_SHOWN])
    more = f" and {len(remarks) - _SHOWN} more" if len(remarks) > _SHOWN else ""
    return problem_response(invalid(f"the request is not valid: {said}{more}", _hint(remarks)))


def _say(remark: Mapping[str, Any]) -> str:
    """One remark without the value it is about, which may be long or another's."""
    if remark["type"] == "json_invalid":
        return f"the body is not JSON: {remark['ctx']['error']} at character {remark['loc'][-1]}"
    place = ".".join(str(part) for part in remark["loc"])
    return f"{place[:100]}: {remark['msg'][:1].lower()}{remark['msg'][1:]}"


def _hint(remarks: Sequence[Mapping[str, Any]]) -> str:
    if any(remark["loc"] == ("body",) for remark in remarks):
        return "send a JSON object with the header Content-Type: application/json"
    return "GET /v1/openapi.json describes every request"


async def _refused(_: HTTPConnection, error: HTTPException) -> Response:
    """What FastAPI itself refuses: a method that a route does not have, a body it cannot read."""
    kind = _KINDS.get(error.status_code, ErrorKind.INVALID)
    known = XeniaError(error.detail, kind=kind, hint="GET /v1/openapi.json lists all routes")
    return problem_response(known, error.status_code, error.headers)
