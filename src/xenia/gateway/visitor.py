"""What a request shows of who sends it: a token in a header, or, from a browser, one in a cookie.

A cookie comes along whoever makes the browser send the request, so what changes something, and every WebSocket, has to
come from a page of this very host (OWASP, cross-site request forgery prevention).
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers

from xenia.model.errors import denied

COOKIE = "__Host-xenia"
"""The prefix has browsers take it from here alone, over TLS (RFC 6265bis)."""

BEGUN_COOKIE = "__Host-xenia-oidc"

_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST = 256


def secret_of(headers: Headers, *, method: str) -> str:
    """The secret of the token; "" where there is none. `method` is WEBSOCKET for one. Raises denied for a cookie that
    somebody else's page had sent.
    """
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    if scheme:
        return secret.strip()[:_LONGEST] if scheme.lower() == "bearer" else ""
    secret = _cookie(headers)
    if secret and method not in _LOOKING and not _from_here(headers):
        raise denied("this was sent by a page of another host", "open the page of this host, and do it there")
    return secret


def refuse_foreign(headers: Headers) -> None:
    """Raises denied for what a page of another host had a browser send."""
    if not _from_here(headers):
        raise denied("this was sent by a page of another host", "open the page of this host, and do it there")


def refuse_foreign_page(headers: Headers) -> None:
    """As `refuse_foreign`, where no browser brings anything along by itself: programs, which say of no page, may."""
    if "origin" in headers or "sec-fetch-site" in headers:
        refuse_foreign(headers)


def cookie_with(secret: str, seconds: int) -> str:
    """The header that has a browser keep `secret`; "" and 0 that has it forget."""
    return f"{COOKIE}={secret}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict"


def begun_of(headers: Headers) -> str:
    """The secret of the login through the issuer that this browser has begun; "" where it has begun none."""
    return _cookie(headers, BEGUN_COOKIE)


def begun_cookie(secret: str, seconds: int) -> str:
    """The header that has a browser keep `secret` while it is at the issuer; "" and 0 that has it forget. Lax: the
    issuer's page sends it back here.
    """
    return f"{BEGUN_COOKIE}={secret}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax"


def refuse_unseen(headers: Headers) -> None:
    """Raises denied for what no window of a browser shows: a picture or a frame in a page of another host."""
    if headers.get("sec-fetch-dest", "document") != "document":
        raise denied("this is for the window of a browser", "open it there")


def _cookie(headers: Headers, name: str = COOKIE) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value[:_LONGEST] if found is not None else ""


def _from_here(headers: Headers) -> bool:
    """Browsers say where a request comes from whenever it may change something; programs say nothing, and need not."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    if origin is None:
        return site is not None
    return origin == f"https://{headers.get('host', '')}"
