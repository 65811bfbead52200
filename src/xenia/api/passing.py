"""A WebSocket made one with a connection: bytes both ways."""

from __future__ import annotations

import asyncio
import socket

from starlette.websockets import WebSocket, WebSocketDisconnect

GONE = 4000
"""The WebSocket is closed with that when the guest is gone, as that of a console."""
STOPPING = 1001

_LONGEST_REASON = 123
"""Bytes (RFC 6455, 5.5)."""

_PIECE = 1 << 18


def as_reason(words: str) -> str:
    """As much of `words` as fits into the end of a WebSocket."""
    return words.encode()[:_LONGEST_REASON].decode(errors="ignore")


async def say(websocket: WebSocket, connection: socket.socket) -> None:
    """Until what is at the connection is gone. A visitor who is slow has it wait, which sends less then."""
    loop = asyncio.get_running_loop()
    try:
        while data := await loop.sock_recv(connection, _PIECE):
            await websocket.send_bytes(data)
    except ConnectionError:
        return


async def hear(websocket: WebSocket, connection: socket.socket) -> None:
    """Until what is at the connection is gone. Raises WebSocketDisconnect when the visitor has left."""
    loop = asyncio.get_running_loop()
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        try:
            await loop.sock_sendall(connection, message.get("bytes") or (message.get("text") or "").encode())
        except ConnectionError:
            return
