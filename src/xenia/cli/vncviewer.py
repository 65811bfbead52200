"""xm vncviewer, screenshot."""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys

from xenia.cli.command import Command
from xenia.cli.errors import say
from xenia.client.domains import domain_path
from xenia.client.errors import ClientError, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from xenia.cli.command import Context
    from xenia.client.console import Console

_VIEWERS = (
    ("xtigervncviewer", "{host}::{port}"),
    ("vncviewer", "{host}::{port}"),
    ("remote-viewer", "vnc://{host}:{port}"),
    ("gvncviewer", "{host}:{display}"),
)
"""Programs that show a screen over VNC, and how each is told where; the first that is there is taken."""

_FIRST_PORT = 5900
_PIECE = 1 << 16
_LONGEST_WAIT = 1.0


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("--viewer", metavar="PROGRAM", help="the viewer to start (default: the first that is there)")
    parser.add_argument(
        "-n", "--no-viewer", action="store_true", help="start none: tell where one may connect, until Ctrl-C"
    )


def _vncviewer(context: Context, options: Namespace) -> int:
    """Programs connect to a port of this machine alone; each gets a way of its own to the guest."""
    words = None if options.no_viewer else _viewer(options.viewer)
    domain = context.client.get(domain_path(options.domain))["domain"]
    ref = domain["uuid"] or domain["name"]
    _open(context, ref).close()  # what speaks against it is said before a viewer shows an empty window
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        if words is None:
            print(f"{host}:{port}", flush=True)
            return _serve(context, ref, listener, None)
        command = [each.format(host=host, port=port, display=port - _FIRST_PORT) for each in words]
        try:
            with subprocess.Popen(command) as viewer:
                return _serve(context, ref, listener, viewer)
        except OSError as error:
            raise ClientError(f"cannot start {command[0]}: {error.strerror}", kind="unavailable") from error


def _viewer(wanted: str | None) -> list[str]:
    if wanted:
        known = dict(_VIEWERS).get(os.path.basename(wanted), "{host}::{port}")  # noqa: PTH119 (no pathlib)
        return [wanted, known]
    for name, where in _VIEWERS:
        if shutil.which(name):
            return [name, where]
    raise ClientError(
        f"there is no viewer here: {', '.join(name for name, _ in _VIEWERS)}",
        kind="unavailable",
        hint="apt-get install tigervnc-viewer; or connect one yourself: xm vncviewer -n DOMAIN",
    )


def _open(context: Context, ref: str) -> Console:
    from xenia.client.console import Console

    return Console.connect(context.client, ref, door="vncviewer")


def _serve(context: Context, ref: str, listener: socket.socket, viewer: subprocess.Popen[bytes] | None) -> int:
    """Until the viewer has ended, or without one until Ctrl-C."""
    ways: dict[socket.socket, Console] = {}
    try:
        while viewer is None or viewer.poll() is None:
            waiting: list[Any] = [listener, *ways, *ways.values()]
            unsent = [way for way in ways.values() if way.unsent]
            readable, _, _ = select.select(waiting, unsent, [], _LONGEST_WAIT)
            if listener in readable:
                program, _ = listener.accept()
                if _is_of(program, os.getuid()):
                    ways[program] = _open(context, ref)
                else:
                    program.close()
            for program, way in list(ways.items()):
                if not _carry(program, way, readable):
                    _end(program, ways.pop(program))
    except KeyboardInterrupt:
        return 0
    finally:
        for program, way in ways.items():
            _end(program, way)
    return viewer.returncode if viewer is not None else 0


def _is_of(program: socket.socket, uid: int) -> bool:
    """Whether the program at the other end of a connection of this machine is one of the user `uid`, or of root: others
    reach the port, too (proc(5), /proc/net/tcp).
    """
    address, port = program.getpeername()
    there = f"{int.from_bytes(socket.inet_aton(address), sys.byteorder):08X}:{port:04X}"
    with open("/proc/net/tcp") as connections:
        lines = [line.split() for line in connections]
    return any(words[1] == there and words[7] in (str(uid), "0") for words in lines[1:])


def _carry(program: socket.socket, way: Console, readable: list[Any]) -> bool:
    """What there is, both ways; whether it goes on."""
    try:
        if program in readable:
            typed = program.recv(_PIECE)
            if not typed:
                return False
            way.send(typed)
        way.flush()
        if data := way.receive():
            program.sendall(data)
    except OSError:
        return False
    return way.end is None


def _end(program: socket.socket, way: Console) -> None:
    if way.end is not None:
        say(f"the screen has ended: {way.end}")
    way.close()
    program.close()


def _screenshot_options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("file", metavar="FILE", help="the picture, a PNG; - for the standard output")


def _screenshot(context: Context, options: Namespace) -> int:
    if options.file == "-" and sys.stdout.isatty():
        raise usage("screenshot: a picture is nothing for a terminal", "xm screenshot DOMAIN FILE")
    content = context.client.fetch(f"{domain_path(options.domain)}/screenshot", seconds=60)
    if options.file == "-":
        sys.stdout.buffer.write(content)
        return 0
    try:
        with open(options.file, "wb") as file:
            file.write(content)
    except OSError as error:
        raise ClientError(f"cannot write {options.file}: {error.strerror}", kind="unavailable") from error
    return 0


COMMANDS = {
    "vncviewer": Command(
        "xm vncviewer [--viewer PROGRAM | -n] DOMAIN",
        """\
Show the screen of a domain in a VNC viewer of this machine. It gets there through xm: no port of the host is open for
it, and no password is asked for, for xend knows you. That holds for a domain at another host, too (--host), and for one
whose guest file has vnc = 0 but a graphics card. Closing the viewer does nothing to the guest.""",
        _options,
        _vncviewer,
        examples=(
            ("xm vncviewer winxp", "the screen of winxp"),
            ("xm --host alpha vncviewer winxp", "of a domain at another host"),
            ("xm vncviewer -n winxp", "tell where a viewer of your choice may connect"),
        ),
        see_also=("screenshot", "console"),
    ),
    "screenshot": Command(
        "xm screenshot DOMAIN FILE",
        "Write what the screen of a domain shows to a file, as PNG.",
        _screenshot_options,
        _screenshot,
        examples=(("xm screenshot winxp winxp.png", "a picture of it"),),
        see_also=("vncviewer",),
    ),
}
