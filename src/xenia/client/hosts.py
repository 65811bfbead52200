"""The hosts that this user has logged in at, in a file that nobody else may read."""

from __future__ import annotations

import json
import os
import time

from xenia.client.errors import ClientError, not_found
from xenia.client.remote import Remote, place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FILE = "xenia/hosts.json"


class KnownHost:
    """`name` is what the user calls it. `secret` is that of the login's token; it is over at `expires` (seconds since
    the epoch). `how` is the option of xm login that gave it; "" for a password or a token.
    """

    __slots__ = ("expires", "fingerprint", "how", "name", "role", "secret", "token", "url", "user")

    def __init__(
        self,
        *,
        name: str,
        url: str,
        fingerprint: str,
        user: str,
        role: str,
        token: str,
        secret: str,
        expires: float,
        how: str = "",
    ) -> None:
        self.name = name
        self.url = url
        self.fingerprint = fingerprint
        self.user = user
        self.role = role
        self.token = token
        self.secret = secret
        self.expires = expires
        self.how = how

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in sorted(KnownHost.__slots__)}

    def client(self) -> Remote:
        return Remote(place_of(self.url), secret=self.secret, fingerprint=self.fingerprint, again=self.again)

    @property
    def again(self) -> str:
        """The command that logs in as before."""
        return f"xm login {f'--{self.how} ' if self.how else ''}{self.url}"


def known_hosts() -> list[KnownHost]:
    """By name. Raises ClientError for a file that cannot be read, or that others may read."""
    path = _path()
    try:
        with open(path) as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise ClientError(
                    f"{path} can be read by others, and logins are in it", kind="denied", hint=f"chmod 600 {path}"
                )
            return [KnownHost(**each) for each in json.load(file)["hosts"]]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ClientError(f"cannot read {path}: {error.strerror}", kind="denied") from error
    except (ValueError, KeyError, TypeError):
        raise ClientError(f"{path} is broken", hint=f"log in anew: rm {path}; xm login URL") from None


def find(word: str) -> KnownHost:
    """The host that `word` names: by the name it was given, or its URL. Raises not_found, and denied for a
    login that is over.
    """
    hosts = known_hosts()
    found = next((each for each in hosts if each.name == word), None)
    if found is None:
        url = place_of(word).url
        found = next((each for each in hosts if each.url == url), None)
    if found is None:
        raise not_found(f"nobody has logged in at '{word}'", f"xm login {word}")
    if found.expires <= time.time():
        raise ClientError(f"the login at '{found.name}' is over", kind="denied", hint=f"log in again: {found.again}")
    return found


def keep(host: KnownHost) -> None:
    """In the place of one with that name. Raises ClientError where it cannot be written."""
    _write([*(each for each in known_hosts() if each.name != host.name), host])


def forget(host: KnownHost) -> None:
    """Raises as `keep`."""
    _write([each for each in known_hosts() if each.name != host.name])


def _write(hosts: list[KnownHost]) -> None:
    path = _path()
    temporary = f"{path}.{os.getpid()}"
    content = json.dumps({"hosts": [each.to_json() for each in sorted(hosts, key=lambda each: each.name)]}, indent=1)
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120 (no pathlib: the start)
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(content)
        os.replace(temporary, path)  # noqa: PTH105
    except OSError as error:
        raise ClientError(f"cannot write {path}: {error.strerror}", kind="unavailable") from error


def _path() -> str:
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")  # noqa: PTH111
    return os.path.join(home, _FILE)
