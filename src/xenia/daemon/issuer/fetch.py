"""Requests to an issuer: by TLS alone, to its hosts alone, bounded in time and size, and led nowhere else."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from xenia.daemon.issuer.refused import Unusable

_SECONDS = 10.0
_MOST = 1 << 18

Addresses = Mapping[str, tuple[str, ...]]


def addresses_of(hosts: Iterable[str]) -> Addresses:
    """The IP addresses of each; of one that nobody knows there are none."""
    found: dict[str, tuple[str, ...]] = {}
    for host in hosts:
        try:
            known = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            known = []
        found[host] = tuple(dict.fromkeys(str(each[4][0]) for each in known))
    return found


class Fetch:
    """`addresses` are those of the hosts that may be asked, found while this process could still look them up."""

    def __init__(self, addresses: Addresses, tls: ssl.SSLContext) -> None:
        self._addresses = addresses
        self._tls = tls

    def get(self, url: str) -> dict[str, Any]:
        """What is at `url`. Raises Unusable where that is nothing of use."""
        status, plain = self._ask("GET", url, None, {})
        if status != 200:
            raise Unusable(f"{url} answers with status {status}")
        return plain

    def post(self, url: str, form: str, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and content of the answer to a form. Raises Unusable for one that cannot be read."""
        return self._ask("POST", url, form, {"Content-Type": "application/x-www-form-urlencoded", **headers})

    def check(self, url: Any) -> str:
        """`url`, where it is one of the issuer's. Raises Unusable."""
        try:
            parts = urlsplit(url) if isinstance(url, str) and url.isascii() and url.isprintable() else None
            usable = parts is not None and parts.port != 0 and parts.scheme == "https"
        except ValueError:
            parts, usable = None, False
        if parts is None or not usable or set(str(url)) & set(" @#"):
            raise Unusable(f"the issuer names {str(url)[:200]!r}, which is no https URL")
        if parts.hostname not in self._addresses:
            raise Unusable(f"the issuer names the host '{parts.hostname}', which oidc.hosts does not")
        return str(url)

    def _ask(self, method: str, url: str, body: str | None, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(self.check(url))
        host, port = parts.hostname or "", parts.port or 443
        connection = _Connection(host, port, self._addresses[host], self._tls)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(method, target, body, {"Accept": "application/json", **headers})
            answer = connection.getresponse()
            content = answer.read(_MOST + 1)
        except (OSError, http.client.HTTPException) as error:
            raise Unusable(f"{url} cannot be asked: {error or type(error).__name__}") from error
        finally:
            connection.close()
        if len(content) > _MOST:
            raise Unusable(f"{url} answers with more than {_MOST >> 10} KiB")
        return answer.status, _plain(url, answer.status, content)


def _plain(url: str, status: int, content: bytes) -> dict[str, Any]:
    try:
        plain = json.loads(content)
    except (ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict):
        raise Unusable(f"{url} answers with status {status} and what is no JSON object")
    return plain


class _Connection(http.client.HTTPSConnection):
    """To addresses that are known, for a certificate of the name."""

    def __init__(self, host: str, port: int, addresses: tuple[str, ...], tls: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=_SECONDS)
        self._places = addresses
        self._tls = tls

    def connect(self) -> None:
        last: OSError = OSError(f"nobody knows the host '{self.host}'")
        for address in self._places:
            try:
                plain = socket.create_connection((address, self.port), _SECONDS)
            except OSError as error:
                last = error
                continue
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
            return
        raise last
