"""The API of another host, over TLS.

A host whose certificate no authority vouches for is known by its fingerprint, which was compared once when somebody
logged in (as ssh knows hosts).
"""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
from urllib.parse import urlsplit

from xenia.client.errors import ClientError, usage
from xenia.client.http import Client

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PORT = 8006


class Place:
    """Where a xenia-web listens."""

    __slots__ = ("host", "port")

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port

    @property
    def url(self) -> str:
        return f"https://[{self.host}]:{self.port}" if ":" in self.host else f"https://{self.host}:{self.port}"


def place_of(url: str) -> Place:
    """Where `url` leads; a name alone is one, too. Raises ClientError (usage)."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    hint = "it is written https://HOST:8006"
    if not host or parts.path not in ("", "/") or parts.query or parts.username:
        raise usage(f"'{url}' is no URL of a host", hint)
    if parts.scheme != "https":
        raise usage(f"{url}: xenia-web speaks TLS alone", hint)
    return Place(host, PORT if port is None else port)


class _Socket(ssl.SSLSocket):
    """One that says, like any other socket, that there is nothing for now."""

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        try:
            return super().recv(buflen, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None

    def send(self, data: Any, flags: int = 0) -> int:
        try:
            return super().send(data, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None


class Remote(Client):
    """The API at `place`, for who shows `secret` (nobody yet: ""). `fingerprint` is that of its certificate, in
    hexadecimal; "" where an authority that this machine knows has to vouch for it. `again` is the command that logs in
    anew, for who is not known there any more.
    """

    def __init__(self, place: Place, *, secret: str, fingerprint: str, again: str = "") -> None:
        super().__init__()
        self.place = place
        self.where = place.url
        self.headers = (f"Authorization: Bearer {secret}",) if secret else ()
        self._fingerprint = fingerprint
        self._again = again

    def _exchange(self, method: str, path: str, body: bytes, seconds: float) -> bytes:
        try:
            return super()._exchange(method, path, body, seconds)
        except ClientError as error:
            if error.kind == "unauthenticated" and self._again:
                error.hint = f"log in again: {self._again}"
            raise

    def connect(self, seconds: float | None) -> socket.socket:
        """As Client.connect. Raises also denied for a host that is not the one it was."""
        context = _context(pinned=bool(self._fingerprint))
        try:
            plain = socket.create_connection((self.place.host, self.place.port), seconds)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # keys that are typed go out at once
        except OSError as error:
            raise self._unreachable(error) from error
        try:
            connection = context.wrap_socket(plain, server_hostname=self.place.host)
        except ssl.SSLCertVerificationError as error:
            plain.close()
            raise ClientError(
                f"{self.where} cannot prove that it is that host: {error.verify_message}",
                kind="denied",
                hint=f"log in once more, and compare its fingerprint: xm login {self.where}",
            ) from error
        except OSError as error:
            plain.close()
            raise self._unreachable(error) from error
        if self._fingerprint and not hmac.compare_digest(_fingerprint(connection), self._fingerprint):
            connection.close()
            raise ClientError(
                f"{self.where} has another certificate than when you logged in: it may not be that host",
                kind="denied",
                hint=f"where it is meant to have a new one: xm login {self.where}",
            )
        return connection

    def _unreachable(self, error: OSError) -> ClientError:
        return ClientError(
            f"cannot reach {self.where}: {error.strerror or error}",
            kind="unreachable",
            hint="does xenia-web run there, and does no firewall keep you from it?",
        )


def look(place: Place, seconds: float = 10) -> tuple[str, bool]:
    """The fingerprint of the certificate that a host shows, and whether an authority vouches for it. Raises ClientError
    (unreachable).
    """
    remote = Remote(place, secret="", fingerprint="")
    try:
        with remote.connect(seconds) as connection:
            return _fingerprint(connection), True
    except ClientError as error:
        if error.kind != "denied":
            raise
    try:
        with (
            socket.create_connection((place.host, place.port), seconds) as plain,
            _context(pinned=True).wrap_socket(plain, server_hostname=place.host) as connection,
        ):
            return _fingerprint(connection), False
    except OSError as error:
        raise remote._unreachable(error) from error


def shown(fingerprint: str) -> str:
    """As xenia-web and browsers show it."""
    upper = fingerprint.upper()
    return ":".join(upper[at : at + 2] for at in range(0, len(upper), 2))


def _context(*, pinned: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if pinned:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.sslsocket_class = _Socket
    return context


def _fingerprint(connection: socket.socket) -> str:
    certificate = connection.getpeercert(binary_form=True)  # type: ignore[attr-defined]
    return hashlib.sha256(certificate or b"").hexdigest()
