"""WebSockets passed on to xend: the live state, text consoles and screens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.typing import Origin, Subprotocol

from xenia.model.errors import XeniaError, unavailable

_SECONDS = 10.0
_PATIENCE = 30.0
"""Seconds that a visitor may take nothing."""
_FAREWELL = 1.0
"""Seconds for xend to hear that a visitor has gone; what it was just telling them is of no use any more."""
_WENT_AWAY = 1012
"""Service restart (IANA, WebSocket close codes): worth to connect again."""

_NO_ORIGIN: Origin | None = None


async def relay(
    websocket: WebSocket, socket: str, target: str, headers: Mapping[str, str], offered: Sequence[str]
) -> None:
    """Pass all that is said both ways, until one of them ends it. What xend refuses is refused with its own words.
    Of the subprotocols that are `offered`, xend chooses.

    Raises XeniaError, before anything was accepted: unavailable where no xend answers.
    """
    try:
        connection = await unix_connect(
            socket,
            f"ws://xend{target}",
            additional_headers=headers,
            origin=_NO_ORIGIN,
            subprotocols=[Subprotocol(each) for each in offered] or None,
            compression=None,
            max_size=None,
            ping_interval=None,
            open_timeout=_SECONDS,
            close_timeout=_FAREWELL,
        )
    except InvalidStatus as error:
        await _refuse(websocket, error)
        return
    except (OSError, TimeoutError, WebSocketException) as error:
        raise unavailable("xend does not answer", "is it running? on the host: xm list") from error
    async with connection:
        await websocket.accept(subprotocol=connection.subprotocol)
        await _pass_on(websocket, connection)


async def _refuse(websocket: WebSocket, error: InvalidStatus) -> None:
    answer = error.response
    kind = answer.headers.get("content-type", "application/problem+json")
    await websocket.send_denial_response(Response(bytes(answer.body or b""), answer.status_code, media_type=kind))


async def _pass_on(websocket: WebSocket, connection: ClientConnection) -> None:
    """Whoever falls asleep stops the other, for each takes a piece only when the one before it was taken."""
    out, back = (
        asyncio.ensure_future(each)  # noqa: TID251 (both end in here)
        for each in (_to_visitor(websocket, connection), _to_xend(websocket, connection))
    )
    try:
        await asyncio.wait({out, back}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (out, back):
            task.cancel()
        await asyncio.gather(out, back, return_exceptions=True)


async def _to_visitor(websocket: WebSocket, connection: ClientConnection) -> None:
    try:
        while True:
            said = await connection.recv()
            async with asyncio.timeout(_PATIENCE):
                await (websocket.send_text(said) if isinstance(said, str) else websocket.send_bytes(said))
    except ConnectionClosed as closed:
        code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (_WENT_AWAY, "xend went away")
        if websocket.application_state is WebSocketState.CONNECTED:
            await websocket.close(code, reason)
    except (WebSocketDisconnect, TimeoutError):
        return


async def _to_xend(websocket: WebSocket, connection: ClientConnection) -> None:
    try:
        while True:
            message: dict[str, Any] = dict(await websocket.receive())
            if message["type"] == "websocket.disconnect":
                return
            said = message.get("bytes")
            await connection.send(said if said is not None else message.get("text") or "")
    except ConnectionClosed:
        await asyncio.Event().wait()  # the other direction says why


def refusal(error: XeniaError) -> Response:
    """`error` as the answer to a WebSocket that is not to be."""
    problem = error.problem()
    return Response(json.dumps(problem).encode("ascii"), problem["status"], media_type="application/problem+json")
