"""An xm that has sent a browser here and waits for the login that it hands over (RFC 8252).

What it says of itself comes in a URL, which anybody may have written: a browser is never sent to another machine than
its own, and a code is worth nothing without what xm has kept to itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from xenia.model.errors import invalid

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_STATE = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_MOST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Waiting:
    """`challenge` is what a code is to be for, `state` what xm knows its own answer by. It listens at `port` of the
    loopback, "" where it does not, and somebody types the code.
    """

    challenge: str
    state: str
    port: str = ""

    @property
    def place(self) -> str:
        """Where the page asks whether xm may."""
        known = {"challenge": self.challenge, "state": self.state} | ({"port": self.port} if self.port else {})
        return f"/login/xm?{urlencode(known)}"

    def told(self, error: str, words: str) -> str:
        """Where the browser tells xm that nobody has logged in; it listens at a port then."""
        query = urlencode({"error": error, "error_description": words, "state": self.state})
        return f"http://127.0.0.1:{self.port}/?{query}"

    @property
    def text(self) -> str:
        """It, for a cookie."""
        return ".".join((self.challenge, self.state, self.port))

    @classmethod
    def of_text(cls, text: str) -> Waiting | None:
        """What `text` gives; None where it gives none."""
        challenge, _, rest = text.partition(".")
        state, _, port = rest.partition(".")
        whole = _CHALLENGE.fullmatch(challenge) and _STATE.fullmatch(state)
        return cls(challenge, state, port) if whole and (not port or _is_port(port)) else None

    @classmethod
    def of_query(cls, query: QueryParams) -> Waiting | None:
        """None where no xm has sent the browser. Raises invalid for what no xm says."""
        names = ("challenge", "state", "port")
        if not any(name in query for name in names):
            return None
        said = ".".join(query.get(name, "") for name in names)
        if (waiting := cls.of_text(said)) is None:
            raise invalid("this address is not whole", "begin again where xm runs: xm login --oidc URL")
        return waiting


def _is_port(text: str) -> bool:
    return bool(_PORT.fullmatch(text)) and int(text) <= _MOST_PORT
