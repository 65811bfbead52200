"""How a WebSocket of bytes begins."""

from __future__ import annotations

from starlette.websockets import WebSocket

_BYTES = "binary"


async def accept_bytes(websocket: WebSocket) -> None:
    """A browser that offers a subprotocol wants one chosen. A ticket is never: it would be told back."""
    offered = websocket.scope["subprotocols"]
    await websocket.accept(subprotocol=_BYTES if _BYTES in offered else None)
