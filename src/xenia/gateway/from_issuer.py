"""A browser's way to the issuer and back. xend begins the login and finishes it; here are the redirects and cookies.

Where xm has sent the browser (`waiting`), it is led to where the page asks whether xm may have the login; and where
nobody has logged in, xm is told.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from xenia.gateway.visitor import begun_cookie, begun_of, cookie_with, refuse_unseen
from xenia.gateway.waiting import Waiting

Ask = Callable[[Request, str, bytes, bytes], Awaitable[tuple[int, dict[str, Any]]]]
"""Asks xend for who sends a request: method, target and body; status and content of the answer."""

_LONGEST_CODE = 4096
_LONGEST_STATE = 256
_ERROR = re.compile(r"[a-z_]{1,64}", re.ASCII)


def routes(ask: Ask) -> dict[tuple[str, str], Callable[[Request], Awaitable[Response]]]:
    """What xenia-web answers of it, by method and path."""

    async def begin(request: Request) -> Response:
        refuse_unseen(request.headers)
        waiting = Waiting.of_query(request.query_params)
        status, told = await ask(request, "POST", b"/v1/login/oidc", b"")
        if status != 201:
            return _refused(told, status, waiting)
        kept = told["secret"] if waiting is None else f"{told['secret']}.{waiting.text}"
        cookie = begun_cookie(kept, max(1, int(told["expires"] - time.time())))
        return Response(b"", 303, {"location": told["url"], "set-cookie": cookie})

    async def back(request: Request) -> Response:
        refuse_unseen(request.headers)
        secret, _, rest = begun_of(request.headers).partition(".")
        waiting, said = Waiting.of_text(rest), request.query_params
        if "code" not in said:
            return _left(said.get("error", ""), waiting)
        body = {
            "secret": secret,
            "state": said.get("state", "")[:_LONGEST_STATE],
            "code": said["code"][:_LONGEST_CODE],
            "label": "through the issuer",
        }
        status, given = await ask(request, "POST", b"/v1/login/oidc/finish", json.dumps(body).encode())
        if status != 201:
            return _refused(given, status, waiting)
        seconds = int(given["token"]["expires"] - given["token"]["created"])
        answer = Response(b"", 303, {"location": waiting.place if waiting is not None else "/"})
        answer.headers.append("set-cookie", cookie_with(given["secret"], seconds))
        answer.headers.append("set-cookie", begun_cookie("", 0))
        return answer

    return {("GET", "/login/oidc"): begin, ("GET", "/login/oidc/back"): back}


def _left(error: str, waiting: Waiting | None) -> Response:
    """Nobody has logged in there."""
    why = error if _ERROR.fullmatch(error) else "it does not say why"
    problem = {"kind": "denied", "detail": f"the issuer has let nobody in: {why}", "hint": "begin again: /login/oidc"}
    return _refused(problem, 401, waiting)


def _refused(problem: dict[str, Any], status: int, waiting: Waiting | None) -> Response:
    """A problem for who looks at it in the window of a browser, or at the xm that has sent it."""
    gone = begun_cookie("", 0)
    if waiting is not None and waiting.port:
        place = waiting.told(str(problem.get("kind", "denied")), str(problem.get("detail", "")))
        return Response(b"", 303, {"location": place, "set-cookie": gone})
    lines = [f"Not logged in: {problem.get('detail', '')}.", str(problem.get("hint") or "")]
    text = "\n".join(line for line in lines if line) + "\n"
    return Response(text, status, {"set-cookie": gone}, "text/plain")
