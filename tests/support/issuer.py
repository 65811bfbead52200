"""An issuer of OpenID Connect, over TLS, that does as a test tells it: also what no issuer should."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from xenia.model.issuer import Issuer
from xenia.settings.certificate import Certificate, tls_of

CLIENT = "xenia at alpha"
SECRET = "s3cret/+:&"
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
OTHER_RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
with warnings.catch_warnings(action="ignore"):
    WEAK_RSA = RSAKey.generate_key(1024, {"kid": "weak"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})


@dataclass
class FakeIssuer:
    """`claims` are added to those of each word; None takes one out. `word` makes the word of the claims."""

    port: int = 0
    claims: dict[str, Any] = field(default_factory=lambda: {"preferred_username": "lisa", "groups": ["ops"]})
    word: Callable[[dict[str, Any]], str] = lambda claims: signed(claims, RSA, "RS256")
    discovery: dict[str, Any] = field(default_factory=dict)
    answer: Callable[[str], tuple[int, bytes] | None] = lambda path: None
    """Another answer to what is asked for at a path."""
    asked: list[str] = field(default_factory=list)
    """The paths."""
    forms: list[dict[str, str]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def let_in(self, url: str) -> str:
        """What a browser that was sent to `url`, and has logged in there, is sent back with: a query."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert url.startswith(f"{self.url}/door?")
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert asked["code_challenge_method"] == "S256"
        code = f"code{len(self._codes)}"
        self._codes[code] = asked
        return urlencode({"code": code, "state": asked["state"]})

    def get(self, path: str) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            about = {"issuer": self.url, "authorization_endpoint": f"{self.url}/door"}
            about |= {"token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys"}
            return 200, about | self.discovery
        if path == "/keys":
            public = [key.as_dict(private=False) for key in (RSA, WEAK_RSA, EC)]
            return 200, {"keys": [{"kty": "AKP", "kid": "rsa"}, {"kty": "RSA", "kid": "rsa", "n": 7}, *public]}
        return 404, {}

    def redeem(self, authorization: str, form: dict[str, str]) -> tuple[int, Any]:
        self.forms.append(form)
        if authorization:
            assert base64.b64decode(authorization.removeprefix("Basic ")) == b"xenia%20at%20alpha:s3cret%2F%2B%3A%26"
        asked = self._codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if asked is None or challenge.rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        assert form["redirect_uri"] == asked["redirect_uri"]
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "sub": "4711", "nonce": asked["nonce"], "iat": now, "exp": now + 60}
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.word(claims)}

    def issuer(self, certificate: Certificate, **other: Any) -> Issuer:
        """As the settings of a host have it."""
        members = {
            "url": self.url,
            "client_id": CLIENT,
            "secret_file": "",
            "scopes": "openid profile",
            "user_claim": "preferred_username",
            "groups_claim": "groups",
            "hosts": (),
            "authority": str(certificate.chain),
            "back": "https://alpha/login/oidc/back",
        }
        return Issuer(**(members | other))


def signed(claims: dict[str, Any], key: Any, algorithm: str, **header: Any) -> str:
    names = {name: value for name, value in ({"alg": algorithm, "kid": key.kid} | header).items() if value is not None}
    return jws.serialize_compact(names, json.dumps(claims), key, algorithms=[algorithm])


def by_the_public_key(claims: dict[str, Any]) -> str:
    """HS256 with what everybody knows as its secret: a forger's classic."""
    begun = _parts({"alg": "HS256", "kid": "rsa"}, claims)
    return f"{begun}.{_text(hmac.digest(RSA.as_pem(private=False), begun.encode(), 'sha256'))}"


def unsigned(claims: dict[str, Any]) -> str:
    return _parts({"alg": "none"}, claims) + "."


def _parts(*parts: dict[str, Any]) -> str:
    return ".".join(_text(json.dumps(part).encode()) for part in parts)


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@contextmanager
def running_issuer(certificate: Certificate) -> Iterator[FakeIssuer]:
    issuer = FakeIssuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(issuer.get)

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(content).items()}
            self._answer(lambda _: issuer.redeem(self.headers.get("authorization", ""), form))

        def _answer(self, find: Callable[[str], tuple[int, Any]]) -> None:
            issuer.asked.append(self.path)
            other = issuer.answer(self.path)
            if other is None:
                status, plain = find(self.path)
                other = (status, json.dumps(plain).encode())
            self.send_response(other[0])
            self.send_header("content-length", str(len(other[1])))
            if other[0] in (302, 307):
                self.send_header("location", f"{issuer.url}/keys")
            self.end_headers()
            with suppress(OSError):  # who asked has heard enough
                self.wfile.write(other[1])

        def log_message(self, *words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *words: None  # type: ignore[method-assign]  # who goes away in the midst
    context: ssl.SSLContext = tls_of(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    issuer.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
