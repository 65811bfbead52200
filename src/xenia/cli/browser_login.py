"""xm login by a browser, which asks whatever the host asks: a password, a security key, an issuer (RFC 8252).

xm makes a verifier and sends a browser to the host with its digest. Who has logged in there confirms, and the browser
brings back a code, or shows it to be typed, for which xm with its verifier is given a login.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import sys
from urllib.parse import urlencode

from xenia.client.errors import ClientError
from xenia.client.loopback import Loopback
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from xenia.client.remote import Remote

_MINUTES = 10
_SHOWS = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")


def log_in(host: Remote, label: str, *, issuer: bool, here: bool) -> dict[str, Any]:
    """The token that a browser's login gives, with its secret. `issuer`: it goes straight to the host's issuer. `here`:
    a browser of this machine brings the code; else it is typed.

    Raises ClientError: denied where somebody refuses, timed_out, and what the host says.
    """
    if issuer and not host.get("/login").get("oidc"):
        raise ClientError(
            f"nobody logs in through an issuer at {host.where}",
            kind="not_found",
            hint=f"with a user of that host: xm login {host.where}",
        )
    verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
    known = {"challenge": _text(hashlib.sha256(verifier.encode()).digest()), "state": state}
    page = f"{host.where}{'/login/oidc' if issuer else '/login/xm'}"
    if here and _can_show():
        with Loopback(state) as loopback:
            _show(f"{page}?{urlencode(known | {'port': str(loopback.port)})}", known["challenge"])
            code = _code_of(loopback.answer(_MINUTES * 60))
    else:
        code = _typed(f"{page}?{urlencode(known)}", known["challenge"])
    body = {"code": code, "verifier": verifier, "label": label}
    given: dict[str, Any] = host.post("/login/handover", body, seconds=60)
    return given


def letters_of(challenge: str) -> str:
    """The few letters by which somebody sees that the page asks for this very xm."""
    letters = hashlib.sha256(challenge.encode()).hexdigest()[:6].upper()
    return f"{letters[:3]}-{letters[3:]}"


def _can_show() -> bool:
    """Whether a browser of this machine can be opened: not where somebody has come by ssh."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in _SHOWS)


def _show(url: str, challenge: str) -> None:
    import webbrowser

    sys.stderr.write(
        f"Log in with the browser, which shows {letters_of(challenge)}. Where none opens, open this in one, here:\n"
        f"  {url}\n"
    )
    sys.stderr.flush()
    webbrowser.open(url)


def _code_of(answer: dict[str, str] | None) -> str:
    if answer is None:
        raise ClientError(f"nobody has logged in within {_MINUTES} minutes", kind="timed_out", hint="begin again")
    if code := answer.get("code"):
        return code
    why = printable(answer.get("error_description") or "it was refused in the browser")
    raise ClientError(f"not logged in: {why}", kind="denied")


def _typed(url: str, challenge: str) -> str:
    sys.stderr.write(
        f"Open this in a browser, on any machine; it shows {letters_of(challenge)}, and at the end a code:\n"
        f"  {url}\n"
        "Code: "
    )
    sys.stderr.flush()
    code = sys.stdin.readline().strip()
    if not code:
        raise ClientError("not logged in: no code was typed", kind="denied")
    return code


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
