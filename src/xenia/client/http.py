"""HTTP/1.1 over xend's unix socket: one connection a request, JSON both ways.

Written on `socket` because http.client brings the email package and ssl with it, which would double the start of xm.
"""

from __future__ import annotations

import json
import socket
import time

from xenia.client.errors import ClientError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_ANSWER = 64 << 20
"""Bytes. A thousand domains make less than one MiB."""

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Client:
    """The API of the xend that keeps its socket below `root`."""

    def __init__(self, root: str = "/") -> None:
        self.root = root
        self.socket_path = f"{root.rstrip('/')}/run/xenia/xend.sock"
        self.where = self.socket_path
        self.headers: tuple[str, ...] = ()
        """Lines of the head of each request."""

    def get(self, path: str, *, seconds: float = 10) -> Any:
        """The answer to GET /v1`path` as plain data. `seconds` limit the whole exchange.

        Raises ClientError: unreachable, timed_out, or what xend's problem object says.
        """
        return self._request("GET", path, b"", seconds)

    def fetch(self, path: str, *, seconds: float = 10) -> bytes:
        """The answer to GET /v1`path` as it is. As `get`."""
        return self._exchange("GET", path, b"", seconds)

    def post(self, path: str, body: dict[str, Any], *, seconds: float = 10) -> Any:
        """The answer to POST /v1`path` with `body`. As `get`."""
        return self._request("POST", path, json.dumps(body).encode(), seconds)

    def patch(self, path: str, body: dict[str, Any], *, seconds: float = 10) -> Any:
        """The answer to PATCH /v1`path` with `body`. As `get`."""
        return self._request("PATCH", path, json.dumps(body).encode(), seconds)

    def put(self, path: str, body: dict[str, Any], *, seconds: float = 10) -> Any:
        """The answer to PUT /v1`path` with `body`. As `get`."""
        return self._request("PUT", path, json.dumps(body).encode(), seconds)

    def delete(self, path: str, *, seconds: float = 10) -> Any:
        """The answer to DELETE /v1`path`. As `get`."""
        return self._request("DELETE", path, b"", seconds)

    def _request(self, method: str, path: str, body: bytes, seconds: float) -> Any:
        content = self._exchange(method, path, body, seconds)
        try:
            return json.loads(content)
        except ValueError as error:
            raise self._strange(f"no JSON: {error}") from None

    def _exchange(self, method: str, path: str, body: bytes, seconds: float) -> bytes:
        lines = [f"{method} /v1{path} HTTP/1.1", "Host: localhost", "Connection: close", "Accept: application/json"]
        lines += self.headers
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        request = "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body
        deadline = time.monotonic() + seconds
        try:
            with self.connect(seconds) as connection:
                answer = _exchange(connection, request, deadline)
        except TimeoutError:
            raise ClientError(
                f"xend has not answered within {seconds:g} s",
                kind="timed_out",
                hint="xend's log says what it does: " + f"{self.root.rstrip('/')}/var/log/xenia/xend.log",
            ) from None
        except OSError as error:
            raise self._went_away(error.strerror or str(error)) from error
        status, content = self._parse(answer)
        if status >= 400:
            raise ClientError.from_problem(_json_or_none(content), f"xend answered with status {status}")
        return content

    def connect(self, seconds: float | None) -> socket.socket:
        """A connection whose operations end with TimeoutError after `seconds`. Raises ClientError (unreachable)."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(seconds)
            connection.connect(self.socket_path)
        except OSError as error:
            connection.close()
            raise self._unreachable(error) from error
        return connection

    def _unreachable(self, error: OSError) -> ClientError:
        start = "xend" if self.root == "/" else f"xend --root {self.root}"
        hint = f"is xend running? start it: {start}"
        if isinstance(error, PermissionError):
            return ClientError(
                f"cannot reach xend at {self.socket_path}: permission denied",
                kind="denied",
                hint="use it as root, or as a member of the socket's group (ls -l shows it): adduser USER xen",
            )
        if isinstance(error, FileNotFoundError):
            why = "there is no such socket"
        elif isinstance(error, ConnectionRefusedError):
            why = "nobody listens there"
        else:
            why = error.strerror or str(error)
        return ClientError(f"cannot reach xend at {self.socket_path}: {why}", kind="unreachable", hint=hint)

    def _went_away(self, why: str) -> ClientError:
        hint = "xm list shows what came of it, once xend runs again"
        return ClientError(f"xend went away before it had answered: {why}", kind="unreachable", hint=hint)

    def _strange(self, why: str) -> ClientError:
        return ClientError(
            f"what listens at {self.where} does not answer like xend ({why})",
            kind="unreachable",
            hint="xm and xend must be of the same version: xm --version",
        )

    def _parse(self, answer: bytes) -> tuple[int, bytes]:
        """Status and content of a whole answer."""
        head, separator, content = answer.partition(b"\r\n\r\n")
        if not answer or (not separator and answer.startswith(b"HTTP/1.")):
            raise self._went_away("the connection ended early")
        first, *lines = head.decode("latin-1").split("\r\n")
        words = first.split(" ", 2)
        if not separator or not words[0].startswith("HTTP/1.") or len(words) < 2 or not words[1].isdecimal():
            raise self._strange("no HTTP")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = headers.get("content-length", "")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            joined = _join_chunks(content)
            if joined is None:
                raise self._went_away("the answer is incomplete")
            content = joined
        elif length.isdecimal() and len(content) < int(length):
            raise self._went_away("the answer is incomplete")
        return int(words[1]), content


def _exchange(connection: socket.socket, request: bytes, deadline: float) -> bytes:
    """Send `request` and read until the answer is as long as its head says; where that says nothing, until the other
    end closes, which `Connection: close` asks it to.
    """
    connection.sendall(request)
    answer = bytearray()
    length = None
    while len(answer) <= MAX_ANSWER:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        connection.settimeout(remaining)
        chunk = connection.recv(1 << 18)
        if not chunk:
            return bytes(answer)
        answer += chunk
        length = length or _length(answer)
        if length is not None and len(answer) >= length:
            return bytes(answer)
    raise OSError(f"its answer is longer than {MAX_ANSWER >> 20} MiB")


def _length(answer: bytearray) -> int | None:
    """The length of the whole answer, once there is a head that tells it."""
    head, separator, _ = answer.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n") if separator else ():
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            return len(head) + len(separator) + int(value)
    return None


def _join_chunks(content: bytes) -> bytes | None:
    """The content of a chunked body; None when its end is missing."""
    joined = bytearray()
    while True:
        size, separator, content = content.partition(b"\r\n")
        try:
            length = int(size.split(b";")[0], 16)
        except ValueError:
            return None
        if not separator or len(content) < length:
            return None
        if length == 0:
            return bytes(joined)
        joined += content[:length]
        content = content[length + 2 :]


def _json_or_none(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def quote(text: str) -> str:
    """`text` as one segment of a path."""
    raw = text.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in raw)
