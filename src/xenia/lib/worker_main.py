"""The worker itself: a process without rights that runs a few named functions, one call after the other.

Both directions carry frames: four bytes of length (most significant first), then JSON. Descriptors come along with the
length. The first frame that the worker sends says that it is ready, or why it is not.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
from collections.abc import Callable
from typing import Any

from xenia.lib.sandbox import confine, limit_cpu

LARGEST_FRAME = 16 << 20
MOST_DESCRIPTORS = 72
"""Enough for an image with 64 layers, and the pipes for what is found in it."""

Function = Callable[[dict[str, Any], list[int]], dict[str, Any]]

_CODECS = ("ascii", "latin_1", "utf_8", "utf_16", "utf_16_le", "utf_16_be", "unicode_escape", "raw_unicode_escape")
"""Codecs that Python would import when they are first used, which is too late here."""


def main(orders: str) -> None:
    """The whole life of a worker. `orders` is JSON: `{descriptor, calls, seconds, memory_mib, uid, parent}`."""
    wanted = json.loads(orders)
    connection = socket.socket(fileno=wanted["descriptor"])
    try:
        functions = {name: _function(where) for name, where in wanted["calls"].items()}
        for codec in _CODECS:
            importlib.import_module(f"encodings.{codec}")
        nowhere = os.open(os.devnull, os.O_RDWR)
        confine(memory_mib=wanted["memory_mib"], uid=wanted["uid"], parent=wanted["parent"])
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        os.close(nowhere)
    except Exception as error:
        send(connection, {"failed": f"{type(error).__name__}: {error}"})
        return
    send(connection, {"ready": True})
    while (request := _receive(connection)) is not None:
        limit_cpu(wanted["seconds"])
        reply = _run(functions, *request)
        send(connection, reply)
        if reply.get("last"):
            return


def _function(where: str) -> Function:
    module, _, name = where.partition(":")
    function: Function = getattr(importlib.import_module(module), name)
    return function


def _run(functions: dict[str, Function], request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    try:
        return {"result": functions[request["name"]](request["arguments"], descriptors)}
    except MemoryError:
        return {"refused": "it needs more memory than it may have", "last": True}
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}"[:2000]}
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def send(connection: socket.socket, content: dict[str, Any]) -> None:
    """Send one frame; a result that is no JSON or too large becomes a refusal."""
    try:
        payload = json.dumps(content, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError, MemoryError) as error:
        payload = json.dumps({"refused": f"its result cannot be sent: {type(error).__name__}"}).encode()
    if len(payload) > LARGEST_FRAME:
        payload = json.dumps({"refused": "its result is too large"}).encode()
    connection.sendall(len(payload).to_bytes(4) + payload)


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """The next request with its descriptors; None when the other side has closed."""
    head, descriptors, _, _ = socket.recv_fds(connection, 4, MOST_DESCRIPTORS)
    while 0 < len(head) < 4:
        head += connection.recv(4 - len(head))
    if not head:
        return None
    remaining = int.from_bytes(head)
    parts = []
    while remaining:
        part = connection.recv(min(remaining, 1 << 20))
        if not part:
            return None
        parts.append(part)
        remaining -= len(part)
    return json.loads(b"".join(parts)), descriptors
