"""The line to the agent in dom0 (dom0/agent.py says what is spoken): one connection a request."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any

from tests.live.xenlab.words import LabError


class Line:
    """To the agent behind `port` of this machine's loopback. May be used by several threads at once."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, request: Mapping[str, Any], content: bytes = b"", *, seconds: float) -> tuple[int, bytes, bytes]:
        """The answer of the agent: a code and two pieces of content, as the request has it. Raises LabError when it
        cannot do it, or does not answer within `seconds`.
        """
        try:
            with socket.create_connection(("127.0.0.1", self.port), seconds) as connection:
                head = json.dumps({**request, "size": len(content)}).encode()
                connection.sendall(head + b"\n" + content)
                with connection.makefile("rb") as stream:
                    answer = json.loads(stream.readline() or b'{"error": "the agent has hung up"}')
                    if "error" in answer:
                        raise LabError(f"dom0: {answer['error']}")
                    return answer["code"], stream.read(answer["out"]), stream.read(answer["err"])
        except OSError as error:
            raise LabError(f"the agent in dom0 does not answer: {error}") from error
