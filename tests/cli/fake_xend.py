"""A small xend on a real unix socket, with canned answers: HTTP by hand, consoles by the websockets library."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from websockets.server import ServerProtocol

UUID = "0f9e8d7c-0000-4000-8000-000000000001"


def domain(name: str = "web", domid: int | None = 3, **others: Any) -> dict[str, Any]:
    """A domain as the API shows it."""
    return {
        "name": name,
        "uuid": UUID,
        "domid": domid,
        "state": "running",
        "memory": 512,
        "max_memory": 512,
        "vcpus": 1,
        "cpu_time": 12.34,
        "kind": "hvm",
        "engine": "simulated",
        "started_at": None,
        "vnc": None,
        "rdp": None,
        "file": f"/etc/xen/{name}.cfg",
        "files": [],
        "problem": "",
        "ending": "",
        "autostart": False,
        "vifs": [],
        "letters": "r-----",
        "addresses": None,
        "suspended": False,
        "tags": [],
        **others,
    }


DOMAIN_0 = domain(
    "Domain-0", 0, uuid="00000000-0000-0000-0000-000000000000", memory=1023, cpu_time=154706.1, kind="pv", file=""
)


def job(operation: str = "pause", state: str = "done", **others: Any) -> dict[str, Any]:
    return {"id": 7, "operation": operation, "domain": "web", "state": state, "result": None, "error": None, **others}


def problem(detail: str, kind: str = "not_found", status: int = 404, exit_code: int = 3, **others: Any) -> Answer:
    members = {"title": kind, "detail": detail, "kind": kind, "hint": None, "exit_code": exit_code, "status": status}
    return Answer({**members, **others}, status)


class Answer:
    """What a route answers: `body` as JSON, or `raw` bytes of a whole answer."""

    def __init__(self, body: Any = None, status: int = 200, *, raw: bytes | None = None) -> None:
        self.raw = raw
        self.body = body
        self.status = status

    def encode(self) -> bytes:
        if self.raw is not None:
            return self.raw
        content = json.dumps(self.body).encode()
        head = f"HTTP/1.1 {self.status} x\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        return head.encode() + content


class WebSocket:
    """The server's end of a console."""

    def __init__(self, connection: socket.socket, protocol: ServerProtocol) -> None:
        self.connection = connection
        self.protocol = protocol

    def send(self, data: bytes) -> None:
        self.protocol.send_binary(data)
        self.flush()

    def receive(self) -> bytes | None:
        """The next bytes typed; None once the client has gone."""
        while True:
            data = self.connection.recv(65536)
            if not data:
                return None
            self.protocol.receive_data(data)
            typed = b"".join(event.data for event in self.protocol.events_received() if event.opcode <= 2)
            with suppress(BrokenPipeError):
                self.flush()
            if typed:
                return typed

    def close(self, code: int, reason: str) -> None:
        self.protocol.send_close(code, reason)
        self.flush()

    def flush(self) -> None:
        self.connection.sendall(b"".join(self.protocol.data_to_send()))


class FakeXend:
    """Answers each request from `routes` (by "METHOD /path?query" or "METHOD /path"): an Answer, plain data, or a list
    of them in order.

    `console` is run for each WebSocket; with `speaks_at_once` its first words go out together with the handshake.
    `requests` holds what was asked, as (method, path, body).
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "run/xenia/xend.sock"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.routes: dict[str, Any] = {}
        self.console: Callable[[WebSocket], None] | None = None
        self.speaks_at_once = False
        self.requests: list[tuple[str, str, Any]] = []
        self.asked = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(64)
        self._start(self._accept)

    def wait_for(self, method: str, path: str) -> None:
        """Until that was asked for."""
        with self.asked:
            there = self.asked.wait_for(lambda: any(each[:2] == (method, path) for each in self.requests), 10)
            assert there, f"{method} {path} was not asked for, only {self.requests}"

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in self._threads)
        self._listener.close()
        self.path.unlink(missing_ok=True)

    def _start(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(BrokenPipeError, ConnectionResetError):  # the client has left
            self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            received += _receive(connection)
        head, _, body = received.partition(b"\r\n\r\n")
        method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
        path = path.removeprefix("/v1")
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                while len(body) < int(line.split(b":")[1]):
                    body += _receive(connection)
        with self.asked:
            self.requests.append((method, path, json.loads(body) if body else None))
            self.asked.notify_all()
        answer = self._chosen(method, path)
        if answer is None and b"upgrade: websocket" in head.lower():
            self._run_console(connection, received)
        else:
            connection.sendall((answer or problem(f"no route {method} {path}")).encode())

    def _chosen(self, method: str, path: str) -> Answer | None:
        answer = self.routes.get(f"{method} {path}", self.routes.get(f"{method} {path.partition('?')[0]}"))
        if answer is None:
            return None
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return answer if isinstance(answer, Answer) else Answer(answer)

    def _run_console(self, connection: socket.socket, request: bytes) -> None:
        protocol = ServerProtocol()
        protocol.receive_data(request)
        (event,) = protocol.events_received()
        protocol.send_response(protocol.accept(event))
        websocket = WebSocket(connection, protocol)
        if not self.speaks_at_once:
            websocket.flush()
        assert self.console is not None
        self.console(websocket)


def _receive(connection: socket.socket) -> bytes:
    """The next bytes of a request; a client that leaves within one has reset the connection."""
    data = connection.recv(65536)
    if not data:
        raise ConnectionResetError
    return data
