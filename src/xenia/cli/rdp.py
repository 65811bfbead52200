"""xm rdp."""

from __future__ import annotations

import os
import re
import subprocess
from ipaddress import ip_address

from xenia.cli.command import Command
from xenia.cli.errors import say
from xenia.cli.rdp_client import command_of, find_client, is_graphical, session_file
from xenia.cli.rdp_view import joined, user_of_view, view_of
from xenia.client.domains import domain_path, not_running
from xenia.client.errors import ClientError, usage
from xenia.client.rdp import PORT, NoDesktop, knock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})")
_MOST_ADDRESSES = 8
_SECONDS = 4.0
"""For each address."""
_USER_MODE = "user"
"""What the API has as the host's end of a card that nobody can connect to."""

_SOURCES = {
    "file": "by its guest file",
    "lease": "by the host's DHCP server",
    "agent": "by the agent in it",
    "neighbour": "by the host's table of neighbours",
}


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("--address", metavar="ADDRESS", help="where the guest is (default: what xend knows of it)")
    parser.add_argument("--port", metavar="PORT", default=str(PORT), help=f"TCP port (default: {PORT})")
    parser.add_argument("-u", "--user", metavar="USER", help="who logs in, as in olga or DOMAIN\\olga")
    parser.add_argument(
        "--viewer", metavar="PROGRAM", help="the RDP client to start (default: the first that is there)"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("-n", "--no-viewer", action="store_true", help="start none: tell where one may connect")
    instead.add_argument("--file", metavar="FILE", help="start none: write FILE, which RDP clients open (FILE.rdp)")


def _rdp(context: Context, options: Namespace) -> int:
    port, user = _port(options.port), _user(options.user)
    given = _address(options.address) if options.address is not None else None
    client = None
    if not options.no_viewer and options.file is None:
        client = find_client(options.viewer, user)
        if not options.viewer and not is_graphical():
            raise ClientError(
                "no window can be opened here: neither DISPLAY nor WAYLAND_DISPLAY is set",
                kind="unavailable",
                hint="xm rdp -n tells where a client elsewhere may connect; --file FILE.rdp writes a file for it",
            )
    answer = context.client.get(f"{domain_path(options.domain)}?interfaces=true")
    domain = answer["domain"]
    if domain["domid"] is None:
        raise not_running(domain)
    name = domain["name"]
    if answer["config"] is None:
        raise ClientError(
            f"domain '{name}' is the host itself", kind="conflict", hint="the desktops of guests are shown"
        )
    address, source, why = given or "", "", None
    try:
        places = [(given, "")] if given else _known(answer)
        address, why = _first_that_answers(context, name, places, port)
        source = f"'{name}' is at {address}, as told {_SOURCES.get(dict(places)[address], 'by xend')}"
    except ClientError:
        if given or not domain.get("rdp"):
            raise
    if domain.get("rdp") and not given and (why is not None or not address):
        address, port = view_of(context, domain)
        user, why = user_of_view(name, user), None
        source = (
            f"no RDP server of '{name}' itself is found: the host shows its screen, at {joined(address, port)}, to the "
            f"user {user} with the password of its VNC"
        )
    place = joined(address, port)
    if options.file is not None:
        if why is not None:
            say(f"{why.message}; the file is written nevertheless")
        _write(options.file, session_file(place, user))
        return 0
    if why is not None:
        raise why
    if client is None:
        if domain.get("rdp") and not given:
            say(source)
        print(place)
        return 0
    if not given:
        say(source)
    return _run(command_of(client, place, user))


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536:
        return int(text)
    raise usage(f"rdp: '{text}' is no TCP port", f"xm rdp --port {PORT} DOMAIN")


def _user(text: str | None) -> str | None:
    if text is not None and (not text or len(text) > 256 or not text.isprintable()):
        raise usage("rdp: this can be no name of a user", "xm rdp --user olga DOMAIN")
    return text


def _address(text: str) -> str:
    """One that the user gives: an IP address or a name."""
    text = text.removeprefix("[").removesuffix("]") if ":" in text else text
    if _ip(text) or _NAME.fullmatch(text):
        return text
    raise usage(f"rdp: '{text}' is neither an IP address nor a name of a host", "xm rdp --address 192.0.2.7 DOMAIN")


def _ip(text: str) -> bool:
    """With a zone (RFC 4007) anything may follow, so it is none."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _known(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """The addresses of a guest and who tells of them, the best first. Raises ClientError where none is known."""
    domain, cards = answer["domain"], answer["config"]["vifs"]
    name = domain["name"]
    shut = {card["item"] for card, end in zip(cards, domain["vifs"], strict=False) if end == _USER_MODE}
    told = domain["addresses"] or ()
    found = [(each["ip"], each["source"]) for each in told if each["vif"] not in shut and _is_a_guests(each["ip"])]
    if found:
        order = list(_SOURCES)
        return sorted(found, key=lambda each: order.index(each[1]) if each[1] in order else len(order))[
            :_MOST_ADDRESSES
        ]
    if not cards:
        why, hint = "it has no network card", "vif = [''] in its guest file gives it one"
    elif len(shut) == len(cards):
        why = "its network is in user mode, where it reaches out and nobody reaches it"
        hint = "vif = ['bridge=...'] in its guest file, with a bridge or network of this host: xm network list"
    else:
        why = "no address of it is known"
        hint = (
            "an agent in the guest tells it (xm agent), so does ip= of its card in the guest file, or say it: "
            f"xm rdp --address ADDRESS {name}"
        )
    raise ClientError(f"domain '{name}' cannot be reached: {why}", kind="unavailable", hint=hint)


def _is_a_guests(text: str) -> bool:
    """What a guest tells of itself is not to lead to this machine."""
    if not _ip(text):
        return False
    address = ip_address(text)
    if getattr(address, "ipv4_mapped", None) is not None:
        return False  # ::ffff:127.0.0.1 is this machine as well
    return not (address.is_loopback or address.is_multicast or address.is_unspecified or address.is_link_local)


def _first_that_answers(
    context: Context, name: str, places: list[tuple[str, str]], port: int
) -> tuple[str, ClientError | None]:
    """The address, and why it does not answer where none does."""
    failed: list[tuple[str, NoDesktop]] = []
    for address, _ in places:
        try:
            knock(address, port, _SECONDS)
        except NoDesktop as error:
            failed.append((address, error))
        else:
            return address, None
    whys = "; ".join(f"{address}: {error.why}" for address, error in failed)
    return failed[0][0], ClientError(
        f"no desktop answers at port {port} of '{name}': {whys}",
        kind="unavailable",
        hint=_hint(context, port, failed),
    )


def _hint(context: Context, port: int, failed: list[tuple[str, NoDesktop]]) -> str:
    address, error = failed[0]
    if error.listens:
        return "another port? xm rdp --port PORT DOMAIN; the screen itself: xm vncviewer DOMAIN"
    if context.host:
        return (
            f"tried from this machine; a guest behind {context.host} (nat, isolated) is reached through it: "
            f"ssh -L {port}:{address}:{port} {context.host}, then xm rdp --address 127.0.0.1 DOMAIN"
        )
    return (
        "allow Remote Desktop in the guest (Windows: System Properties, Remote; Linux: apt-get install xrdp), and in "
        "its firewall; its screen: xm vncviewer DOMAIN"
    )


def _write(path: str, content: bytes) -> None:
    """Readable by the user alone, and whole or not there. What has the name and is no file is left."""
    if os.path.lexists(path) and not os.path.isfile(path):  # noqa: PTH113 (no pathlib)
        raise ClientError(f"cannot write {path}: it is no file", kind="unavailable")
    temporary = f"{path}.{os.getpid()}.new"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)  # noqa: PTH105
    except OSError as error:
        raise ClientError(f"cannot write {path}: {error.strerror}", kind="unavailable") from error


def _run(command: list[str]) -> int:
    try:
        with subprocess.Popen(command) as client:
            try:
                code = client.wait()
            except KeyboardInterrupt:
                return 0  # it has heard it as well
    except OSError as error:
        raise ClientError(f"cannot start {command[0]}: {error.strerror}", kind="unavailable") from error
    return code if code >= 0 else 128 - code


COMMANDS = {
    "rdp": Command(
        "xm rdp [--address ADDRESS] [--port PORT] [-u USER] [--viewer PROGRAM | -n | --file FILE] DOMAIN",
        """\
Show the desktop of a guest over RDP (Windows' Remote Desktop, xrdp of Linux) in a client of this machine: FreeRDP,
Remmina, KRDC or rdesktop. The guest serves it itself, at an address of its own: the one in its guest file, or what the
host's DHCP server, its agent or the host's neighbours tell. Before a client is started, xm looks whether a desktop
answers there; that is tried from this machine, also with --host. The client asks for the password, and xm knows none.

Unlike xm vncviewer that needs a guest that has booted, has an address and allows Remote Desktop. Where none is found
and its guest file says rdp = 1, the host shows its screen instead; the password is that of its VNC then.""",
        _options,
        _rdp,
        examples=(
            ("xm rdp winxp", "the desktop of winxp"),
            ("xm rdp -u olga winxp", "for olga, whose password the client asks for"),
            ("xm rdp -n winxp", "tell where a client of your choice may connect"),
            ("xm rdp --file winxp.rdp winxp", "write a file for a client elsewhere"),
            ("xm rdp --address 192.0.2.7 winxp", "where nobody tells its address"),
        ),
        see_also=("vncviewer", "network-list", "agent"),
    ),
}
