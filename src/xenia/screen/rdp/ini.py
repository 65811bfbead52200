"""What xrdp is told (xrdp.ini(5)).

It reads its file anew for each connection, so those who are connected stay when it is replaced. Each guest is a
section, which a client chooses as the domain of its login, or by hand. No password is in it: xrdp asks for it, and
gives it to the door of the guest, which knows whether it is right. An xrdp of one viewer's own has one section, and the
password of a door that is open for this viewer alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address

_OWN = frozenset({"globals", "logging", "loggingperlogger", "channels"})
"""Sections that are no guests; xrdp compares names without case."""
_OWN_SECTION = "screen"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.+:-]")
"""Of the names of guests none has these. In the file they would be comments, sections or other lines."""

_HERE = "/proc/self/cwd"
"""xrdp takes no relative path, and its user need not get through the folders above."""
CONFIG, CERTIFICATE, KEY = "xrdp.ini", "certificate.pem", "key.pem"
CONFIG_PATH = f"{_HERE}/{CONFIG}"
DOOR = "door"
"""The socket at which an xrdp of one viewer's own listens."""

_GLOBALS = """\
[Globals]
ini_version=1
fork=true
port={port}
security_layer=tls
ssl_protocols=TLSv1.2, TLSv1.3
certificate={here}/{certificate}
key_file={here}/{key}
autorun={autorun}
enable_token_login={enable_token_login}
allow_channels=true
bitmap_cache=true
bitmap_compression=true
bulk_compression=true
max_bpp=32
new_cursors=true
use_fastpath=both
ls_title=Screens of guests

[Logging]
LogFile=/dev/null
LogLevel=ERROR
EnableSyslog=false
EnableConsole=true
ConsoleLevel=ERROR

[Channels]
"""
"""Without names of channels there is no clipboard, sound or disk of the client; to switch channels off altogether is
what FreeRDP does not bear."""

_SESSION = """
[{section}]
name={section}
lib=libvnc.so
username=na
password={password}
ip=127.0.0.1
port={port}
disabled_encodings_mask=1
"""
"""The mask: the screen is as large as the guest has it (no ExtendedDesktopSize), and the client's follows."""


def ini_of(address: IPv4Address | IPv6Address, port: int, sessions: Mapping[str, int]) -> str:
    """For a server at `port` of `address`; `sessions` are the ports on 127.0.0.1 where the guests of these names are
    seen.
    """
    where = f"tcp6://{{{address}}}:{port}" if address.version == 6 else f"tcp://{address}:{port}"
    sections = sections_of(sessions)
    return _globals(where) + "".join(_session(sections[name], sessions[name], "ask") for name in sorted(sessions))


def own_ini_of(port: int, password: str) -> str:
    """For a server at the socket DOOR, which shows the one guest that is seen with `password` at `port` of 127.0.0.1.
    Whoever logs in automatically is asked nothing, whatever user and password they give. IronRDP cannot say that it
    wants to; xrdp takes it as said by who gives USER, the control character 0x1f and PASSWORD as a user, and no
    password.
    """
    return _globals(f"unix://.{_HERE}/{DOOR}", autorun=_OWN_SECTION) + _session(_OWN_SECTION, port, password)


def _globals(where: str, *, autorun: str = "") -> str:
    return _GLOBALS.format(
        port=where,
        here=_HERE,
        certificate=CERTIFICATE,
        key=KEY,
        autorun=autorun,
        enable_token_login="true" if autorun else "false",
    )


def _session(section: str, port: int, password: str) -> str:
    return _SESSION.format(section=section, port=port, password=password)


def sections_of(names: Iterable[str]) -> dict[str, str]:
    """The section of each guest: its name, with a number where xrdp could not tell it from another section."""
    taken, sections = set(_OWN), {}
    for name in sorted(names):
        plain = _UNSAFE.sub("_", name)
        section, number = plain, 2
        while section.lower() in taken:
            section, number = f"{plain}-{number}", number + 1
        taken.add(section.lower())
        sections[name] = section
    return sections
