"""Programs that show a desktop over RDP, and how each is told where."""

from __future__ import annotations

import os
import shutil

from xenia.client.errors import ClientError, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Words = Sequence[str]

_FREERDP = (("/v:{place}",), ("/v:{place}", "/u:{user}"))
_URI = "rdp://{place}", "rdp://{quoted}@{place}"
_CLIENTS: dict[str, tuple[Words, Words]] = {
    "xfreerdp3": _FREERDP,
    "xfreerdp": _FREERDP,
    "wlfreerdp3": _FREERDP,
    "wlfreerdp": _FREERDP,
    "sdl-freerdp3": _FREERDP,
    "remmina": (("-c", _URI[0]), ("-c", _URI[1])),
    "krdc": ((_URI[0],), (_URI[1],)),
    "rdesktop": (("{place}",), ("-u", "{user}", "{place}")),
    "mstsc.exe": (("/v:{place}",), ()),
}
"""Without a user and with one; the first program that is there is taken. Each word begins with what is ours, so nothing
that a guest or its file says becomes an option; a password is in none, for a command line can be read by everybody."""

_APART = {"rdesktop": ("-d", "{domain}", "-u", "{name}", "{place}")}
"""Those that do not find the domain in DOMAIN\\USER."""

_PLAIN: tuple[Words, Words] = (("{place}",), ())


class Client:
    """`program` is started; `told` are its words without a user and with one, () where it can be told none."""

    __slots__ = ("program", "told")

    def __init__(self, program: str, told: tuple[Words, Words]) -> None:
        self.program = program
        self.told = told


def find_client(wanted: str | None, user: str | None) -> Client:
    """The client that is `wanted`, or else the first that is there and can be told the `user`. Raises ClientError where
    there is none.
    """
    if wanted:
        client = Client(wanted, _CLIENTS.get(os.path.basename(wanted), _PLAIN))  # noqa: PTH119 (no pathlib)
        if user and not client.told[1]:
            raise usage(f"rdp: how '{wanted}' is told a user is not known here", "leave --user out: it asks for one")
        return client
    for name, told in _CLIENTS.items():
        if (told[1] or not user) and shutil.which(name):
            return Client(name, told)
    raise ClientError(
        f"there is no RDP client here: {', '.join(_CLIENTS)}",
        kind="unavailable",
        hint="apt-get install freerdp3-x11 (freerdp2-x11 before Debian 13), remmina, krdc or rdesktop; or connect one "
        "elsewhere: xm rdp -n DOMAIN",
    )


def command_of(client: Client, place: str, user: str | None) -> list[str]:
    """The words that have `client` show the desktop at `place` (ADDRESS:PORT)."""
    from urllib.parse import quote

    words = client.told[1] if user else client.told[0]
    user = user or ""
    domain, sign, name = user.partition("\\")
    if sign:
        words = _APART.get(os.path.basename(client.program), words)  # noqa: PTH119 (no pathlib)
    quoted = quote(user, safe="")
    told = (word.format(place=place, user=user, domain=domain, name=name, quoted=quoted) for word in words)
    return [client.program, *told]


def session_file(place: str, user: str | None) -> bytes:
    """An .rdp file, as mstsc, FreeRDP and Remmina open them; with a name beyond ASCII it is UTF-16, as mstsc's own."""
    lines = [f"full address:s:{place}", "prompt for credentials:i:1"]
    if user:
        lines.append(f"username:s:{user}")
    text = "".join(f"{line}\r\n" for line in lines)
    return text.encode("ascii" if text.isascii() else "utf-16")


def is_graphical() -> bool:
    """Whether a window can be opened where xm runs."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
