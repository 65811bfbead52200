"""The net below all routes."""

from __future__ import annotations

import logging

import pytest
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected

from xenia.api.limits import Limits

SCOPE = {"type": "websocket", "path": "/v1/stream", "headers": []}


async def accepts(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "websocket.accept"})


async def breaks(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise OSError("the disk is full")


async def nothing() -> Message:
    return {"type": "websocket.disconnect", "code": 1006}


async def gone(_message: Message) -> None:
    raise ClientDisconnected


async def test_a_visitor_who_left_before_they_were_let_in_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await Limits(accepts)(SCOPE, nothing, gone)
    assert caplog.records == []


async def test_an_error_of_the_host_is_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    told: list[Message] = []

    async def heard(message: Message) -> None:
        told.append(message)

    await Limits(breaks)(SCOPE | {"extensions": {"websocket.http.response": {}}}, nothing, heard)
    assert "/v1/stream failed" in caplog.text
    assert told[0]["status"] == 500
