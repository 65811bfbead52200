"""xm vncviewer, screenshot."""

from __future__ import annotations

import subprocess
import sys

from xenia.cli.command import Command
from xenia.cli.vnc_client import find_viewer, words_for
from xenia.client.domains import domain_path
from xenia.client.errors import ClientError, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from xenia.cli.command import Context


def _options(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")
    parser.add_argument("--viewer", metavar="PROGRAM", help="the viewer to start (default: the first that is there)")
    parser.add_argument(
        "-n", "--no-viewer", action="store_true", help="start none: tell where one may connect, until Ctrl-C"
    )


def _vncviewer(context: Context, options: Namespace) -> int:
    """Programs connect to a port of this machine alone; each gets a way of its own to the guest."""
    from xenia.cli.tunnel import Tunnel

    viewer = None if options.no_viewer else find_viewer(options.viewer)
    domain = context.client.get(domain_path(options.domain))["domain"]
    with Tunnel(context.client, domain["uuid"] or domain["name"]) as tunnel:
        try:
            if viewer is None:
                host, port = tunnel.place
                print(f"{host}:{port}", flush=True)
                tunnel.serve(None)
                return 0
            with _started(words_for(*viewer, tunnel.place)) as process:
                tunnel.serve(process)
            return process.returncode
        except KeyboardInterrupt:
            return 0


def _started(command: list[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command)
    except OSError as error:
        raise ClientError(f"cannot start {command[0]}: {error.strerror}", kind="unavailable") from error


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
