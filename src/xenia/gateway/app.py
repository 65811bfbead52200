"""What xenia-web answers: all of /v1 is xend's, and what a browser needs besides."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import h11
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from xenia.gateway import from_issuer
from xenia.gateway.page import Page
from xenia.gateway.relay import refusal, relay
from xenia.gateway.upstream import Asked, Exchange, Upstream
from xenia.gateway.visitor import cookie_with, refuse_foreign, refuse_foreign_page, secret_of
from xenia.gateway.xen_api import XenApi
from xenia.lib.web import ADDRESS_HEADER, BODY_LIMIT, TICKET
from xenia.model.errors import ErrorKind, XeniaError, invalid, not_found, timed_out

_BODY_SECONDS = 60.0
_PROBLEM = "application/problem+json"
_PASSED_ON = frozenset(
    {b"accept", b"content-length", b"content-type", b"if-match", b"if-none-match", b"user-agent", b"last-event-id"}
)
"""Headers of a request that are xend's business. All others end here, first of all those about the connection."""

_ABOUT_A_BODY = frozenset({b"content-length", b"content-type", b"transfer-encoding"})

_NOT_PASSED_BACK = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"www-authenticate"})

_SUBPROTOCOL = re.compile(r"[A-Za-z0-9._-]{1,128}")
_MOST_OFFERED = 8
_ELSEWHERE = {("GET", "/metrics"): b"/v1/metrics"}
"""What has another path here than in xend."""

_SAFE = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)


class Gateway:
    """The ASGI app. `socket` is where xend listens for it, as a path that lasts; `page` is what browsers are shown,
    None where it was not built; `xen_api` whether the small Xen-API is spoken as well.
    """

    def __init__(self, socket: str, page: Page | None = None, *, xen_api: bool = False) -> None:
        self._upstream = Upstream(socket)
        self._page = page
        own: dict[tuple[str, str], Callable[[Request], Awaitable[Response]]] = {
            ("POST", "/login"): partial(self._log_in, b"/v1/login"),
            ("POST", "/login/security-key"): partial(self._log_in, b"/v1/login/security-key"),
            ("POST", "/login/link"): partial(self._log_in, b"/v1/login/link"),
            ("POST", "/logout"): self._log_out,
            ("GET", "/health"): self._health,
            **from_issuer.routes(self._ask),
        }
        if xen_api:
            own |= dict.fromkeys((("POST", "/"), ("POST", "/RPC2")), self._speak_xen_api)
        self.own: Mapping[tuple[str, str], Callable[[Request], Awaitable[Response]]] = own
        """What it answers itself, by method and path."""

    async def close(self) -> None:
        """Let go of xend; at the end."""
        await self._upstream.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, _guarded(send))

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._answer(request, send)
        except XeniaError as error:
            answer = _json(error.problem(), error.kind.status, media_type=_PROBLEM)
        except _TooLarge:
            told = invalid(f"the request is larger than {BODY_LIMIT // 1024} KiB").problem()
            answer = _json(told | {"status": 413}, 413, media_type=_PROBLEM)
        except (ClientDisconnect, _AlreadyAnswering):
            return  # the server cuts the connection: what was begun cannot be made good
        if answer is not None:
            await answer(scope, receive, send)

    async def _answer(self, request: Request, send: Send) -> Response | None:
        method, path = request.method, request.url.path
        if path.startswith("/v1/"):
            await self._pass_on(request, send)
            return None
        if target := _ELSEWHERE.get((method, path)):
            await self._pass_on(request, send, target)
            return None
        if answer := self.own.get((method, path)):
            return await answer(request)
        if method == "GET" and self._page and (shown := self._page.answer(path, request.headers)):
            return shown
        hint = (
            "the API is below /v1: GET /v1/openapi.json" if self._page else "the page was not built: scripts/page build"
        )
        raise not_found(f"there is no {method} {path}", hint)

    async def _pass_on(self, request: Request, send: Send, path: bytes = b"") -> None:
        """`path` where xend calls it otherwise."""
        secret = secret_of(request.headers, method=request.method)
        target: bytes = path or request.scope["raw_path"]
        if request.scope["query_string"]:
            target += b"?" + request.scope["query_string"]
        async with self._upstream.exchange() as upstream:
            await upstream.ask(Asked(request.method, target, _headers(request, secret)))
            await _send_body(request, upstream)
            gone = asyncio.ensure_future(_gone(request))  # noqa: TID251 (it ends in here)
            answer = asyncio.ensure_future(_pass_back(upstream, send))  # noqa: TID251
            try:
                await asyncio.wait({gone, answer}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                if not answer.done():
                    answer.cancel()
                await asyncio.gather(gone, answer, return_exceptions=True)
            if not answer.cancelled():
                answer.result()

    async def _log_in(self, target: bytes, request: Request) -> Response:
        """As `target` of xend, with the secret in a cookie that no script can read."""
        refuse_foreign(request.headers)
        status, given = await self._ask(request, "POST", target, b"".join([piece async for piece in _body(request)]))
        if status != 201:
            return _json(given, status)
        seconds = int(given["token"]["expires"] - given["token"]["created"])
        return _json({"token": given["token"]}, 201, {"set-cookie": cookie_with(given["secret"], seconds)})

    async def _log_out(self, request: Request) -> Response:
        refuse_foreign(request.headers)
        secret = secret_of(request.headers, method="POST")
        status, told = await self._ask(request, "POST", b"/v1/logout", b"", secret)
        over = status == 200 or told.get("kind") == ErrorKind.UNAUTHENTICATED
        return _json(told, status, {"set-cookie": cookie_with("", 0)} if over else {})

    async def _speak_xen_api(self, request: Request) -> Response:
        async def ask(method: str, path: str, body: Any, secret: str) -> tuple[int, Any]:
            content = b"" if body is None else json.dumps(body).encode()
            return await self._ask(request, method, path.encode("ascii"), content, secret)

        answer = await XenApi(ask).answer(b"".join([piece async for piece in _body(request)]))
        return Response(answer, media_type="text/xml")

    async def _health(self, _: Request) -> Response:
        """Whether xend can be reached; nothing that somebody has to log in for."""
        async with self._upstream.exchange():
            return _json({"xend": "answers"}, 200)

    async def _ask(
        self, request: Request, method: str, target: bytes, body: bytes, secret: str = ""
    ) -> tuple[int, dict[str, Any]]:
        """A request of xenia-web's own, with JSON, for who sends `request`; status and content of the answer."""
        own = [pair for pair in _headers(request, secret) if pair[0] not in _ABOUT_A_BODY]
        about = ((b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()))
        async with self._upstream.exchange() as upstream:
            await upstream.ask(Asked(method, target, [*own, *about]))
            if body:
                await upstream.send(body)
            await upstream.end()
            answer = await upstream.answer()
            content = b"".join([piece async for piece in upstream.pieces()])
        plain: dict[str, Any] = json.loads(content)
        return answer.status_code, plain

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        await websocket.receive()  # that it wants to connect
        try:
            if not scope["path"].startswith("/v1/"):
                raise not_found(f"there is no WebSocket {scope['path']}", "GET /v1/openapi.json lists all routes")
            offered = [each for each in scope["subprotocols"] if _SUBPROTOCOL.fullmatch(each)][:_MOST_OFFERED]
            secret = _shown(websocket.headers, offered)
            target = scope["raw_path"].decode("ascii")
            if scope["query_string"]:
                target += "?" + scope["query_string"].decode("ascii", "replace")
            known = {"authorization": f"Bearer {secret}"} if secret else {}
            headers = {ADDRESS_HEADER: _address(scope), **known}
            await relay(websocket, self._upstream.socket, target, headers, offered)
        except XeniaError as error:
            await websocket.send_denial_response(refusal(error))


def _shown(headers: Headers, offered: Sequence[str]) -> str:
    """The secret of the token. Who has a ticket needs none, nor a cookie. Raises denied for a page of another host."""
    if any(each.startswith(TICKET) for each in offered):
        refuse_foreign_page(headers)
        return ""
    return secret_of(headers, method="WEBSOCKET")


class _TooLarge(Exception):
    """A body is larger than xend takes it."""


class _AlreadyAnswering(Exception):
    """xend went away in the midst of its answer."""


def _guarded(send: Send) -> Send:
    """With the headers that keep browsers from doing more with an answer than it was made for."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            have = {name.lower() for name, _ in message["headers"]}
            more = [pair for pair in _SAFE if pair[0] not in have]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return guarded


def _headers(request: Request, secret: str) -> list[tuple[bytes, bytes]]:
    """What xend is told of a request. Its body is framed anew: where its length was said twice, by what holds."""
    chunked = "transfer-encoding" in request.headers
    left_out = {b"content-length"} if chunked else set()
    own = [(name, value) for name, value in request.scope["headers"] if name in _PASSED_ON - left_out]
    known = [(b"authorization", f"Bearer {secret}".encode())] if secret else []
    framed = [(b"transfer-encoding", b"chunked")] if chunked else []
    host = [(b"host", b"xend"), (ADDRESS_HEADER.encode(), _address(request.scope).encode())]
    return [*host, *known, *own, *framed]


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "?"


async def _send_body(request: Request, upstream: Exchange) -> None:
    async for piece in _body(request):
        await upstream.send(piece)
    await upstream.end()


async def _body(request: Request) -> AsyncIterator[bytes]:
    """Its pieces, as they come. Raises _TooLarge, timed_out for one that does not come to its end."""
    if int(request.headers.get("content-length", 0)) > BODY_LIMIT:
        raise _TooLarge
    size, pieces = 0, request.stream()
    deadline = asyncio.get_running_loop().time() + _BODY_SECONDS
    try:
        while True:
            async with asyncio.timeout_at(deadline):
                piece = await anext(pieces, None)
            if piece is None:
                return
            size += len(piece)
            if size > BODY_LIMIT:
                raise _TooLarge
            if piece:
                yield piece
    except TimeoutError:
        raise timed_out(f"the request has not come to its end within {_BODY_SECONDS:g} s") from None


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _pass_back(upstream: Exchange, send: Send) -> None:
    answer = await upstream.answer()
    await send({"type": "http.response.start", "status": answer.status_code, "headers": _back(answer)})
    try:
        async for piece in upstream.pieces():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except XeniaError as error:
        raise _AlreadyAnswering from error
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _back(answer: h11.Response) -> list[tuple[bytes, bytes]]:
    """A browser would ask for a password by itself where it is told how to authenticate; the page does."""
    return [(bytes(name), bytes(value)) for name, value in answer.headers if bytes(name) not in _NOT_PASSED_BACK]


def _json(
    plain: Any, status: int, headers: Mapping[str, str] | None = None, *, media_type: str = "application/json"
) -> Response:
    content = json.dumps(plain, separators=(",", ":")).encode("ascii")
    return Response(content, status, dict(headers or {}), media_type)
