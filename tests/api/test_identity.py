"""Who asks is told by the kernel, on every route."""

import asyncio
import os
import socket
from dataclasses import replace
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from tests.api.test_logins import FRONT
from tests.support.xend import Xend

from xenia.api.app import make_app
from xenia.api.peer import caller_of
from xenia.model.caller import Role
from xenia.model.complaint import Complaint, Severity
from xenia.model.errors import GuestFileError
from xenia.model.reading import Reading

STRANGER = 54321

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="another user's request needs root")


async def ask(app: Any, scope: dict[str, Any]) -> int:
    """The status of the answer to a request that comes over no unix socket, or the upgrade's refusal."""
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return (
            {"type": "websocket.connect"} if scope["type"] == "websocket" else {"type": "http.request", "body": b"{}"}
        )

    async def send(message: dict[str, Any]) -> None:
        if message["type"].endswith("response.start"):
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0]


async def test_no_route_answers_one_whom_the_kernel_does_not_name(xend: Xend) -> None:
    app = make_app(xend.doors)
    asked = []
    for route in iter_route_contexts(app.routes):
        path = str(route.path).replace("{ref}", "0").replace("{number}", "1").replace("{pid}", "1")
        for method in sorted(route.methods or {"WebSocket"}):
            scope = {
                "type": "websocket" if method == "WebSocket" else "http",
                "method": method,
                "path": path,
                "raw_path": path.encode(),
                "query_string": b"",
                "headers": [(b"content-type", b"application/json")],
                "extensions": {"websocket.http.response": {}},
                "state": {},
            }
            if (method, path) in FRONT:
                continue  # asks for no name, and is answered by xenia-web's door alone
            assert await ask(app, scope) == 403, (method, path)
            asked.append(f"{method} {path}")
    assert {"GET /v1/domains", "POST /v1/domains/0/destroy", "WebSocket /v1/domains/0/console"} <= set(asked)
    assert "GET /v1/openapi.json" in asked


def test_root_and_xends_own_user_are_administrators() -> None:
    assert caller_of(0).role is Role.ADMINISTRATOR
    assert caller_of(0).name == "root"
    assert caller_of(os.geteuid()).role is Role.ADMINISTRATOR


def test_others_are_operators_and_named_even_without_an_account() -> None:
    caller = caller_of(STRANGER)
    assert (caller.uid, caller.name, caller.role) == (STRANGER, f"uid {STRANGER}", Role.OPERATOR)


async def as_stranger(xend: Xend, request: bytes) -> bytes:
    """The answer to a request of a user who is nobody here."""
    xend.socket.chmod(0o666)
    for folder in xend.socket.parents:
        if folder.stat().st_mode & 0o001:
            break
        folder.chmod(0o711)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.setblocking(False)
        os.seteuid(STRANGER)
        try:
            connection.connect(os.fspath(xend.socket))
        finally:
            os.seteuid(0)
        reader, writer = await asyncio.open_unix_connection(sock=connection.dup())
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def request(method: str, path: str, body: bytes = b"") -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nHost: xend\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


@root_only
async def test_a_job_remembers_who_asked(xend: Xend) -> None:
    await as_stranger(xend, request("POST", "/v1/domains?wait=10", b'{"text": "name=one"}'))
    (job,) = (await xend.get("/jobs")).json()["jobs"]
    assert job["caller"] == f"uid {STRANGER}"


@root_only
async def test_the_log_and_the_monitors_are_for_administrators(xend: Xend) -> None:
    await xend.create("one")
    for method, path, body in (
        ("GET", "/v1/log", b""),
        ("POST", "/v1/domains/one/qemu-monitor-command", b'{"command": "info status"}'),
        ("POST", "/v1/host/dmesg", b""),
        ("POST", "/v1/host/debug-keys", b'{"keys": "h"}'),
    ):
        answer = await as_stranger(xend, request(method, path, body))
        assert b"HTTP/1.1 403" in answer, (path, answer)
        assert b"needs the role administrator" in answer


@root_only
async def test_a_stranger_sees_no_line_of_anothers_guest_file(xend: Xend) -> None:
    """The other's job is shown, the text of the file that it complains about is not."""
    creation = xend.manager._parts.creation
    secret = Complaint(Severity.ERROR, "no such key", "/root/x.cfg", 1, 1, "vncpasswd = 'hunter2'")

    async def read(text: str, file: str, overrides: tuple[str, ...]) -> Reading:
        raise GuestFileError("no such key", (secret,))

    parts = replace(xend.manager._parts, creation=replace(creation, read=read))
    xend.manager._parts = parts
    mine = await xend.post("/domains", {"text": "name=one"}, wait=10)
    assert mine.json()["complaints"][0]["text"] == secret.text
    assert "hunter2" in (await xend.get("/jobs")).text
    number = mine.json()["job"]["id"]
    for path in ("/v1/jobs", f"/v1/jobs/{number}", f"/v1/jobs/{number}?wait=1"):
        answer = await as_stranger(xend, request("GET", path))
        assert b"no such key" in answer
        assert b"hunter2" not in answer
    theirs = await as_stranger(xend, request("POST", "/v1/domains?wait=10", b'{"text": "name=one"}'))
    assert b"hunter2" in theirs
