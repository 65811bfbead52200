"""The window of a guest that was just started, which stays when xm ends."""

from __future__ import annotations

import os
import re
import select
import sys

from xenia.cli.errors import report, say
from xenia.cli.vnc_client import find_viewer
from xenia.client.errors import ClientError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from xenia.cli.command import Context

REPORT = 3
"""The descriptor on which the process behind a window says `shown`, or what went wrong."""

_SECONDS = 10.0
"""For a viewer to show it. One that needs longer goes on, and is not reported on."""

_LOCAL = re.compile(r"(?:unix|localhost|127\.0\.0\.1|\[?::1\]?)?:\d{1,5}(?:\.\d{1,5})?")
_ELSEWHERE = ClientError(
    "the display that its guest file names is none of this machine",
    hint="a guest file opens windows here only: display = ':0', or DISPLAY=HOST:0 xm vncviewer DOMAIN",
)
_NOWHERE = ClientError(
    "there is no display here (DISPLAY is not set)", kind="unavailable", hint="where there is one: xm vncviewer DOMAIN"
)


def open_window(context: Context, result: dict[str, Any], *, wanted: bool, quiet: bool) -> None:
    """Show the screen of a guest that was started with that `result` in a viewer, where its guest file or the user
    (`wanted`) asks for it. The viewer is the user's, not the guest's: closing it ends nothing.

    Raises ClientError where the user has asked for it and it cannot be; of a guest file's wish that is only said.
    """
    asked = result.get("window")
    if asked is None and not wanted:
        return
    try:
        _show(context, result["uuid"], _environment(asked or {}))
    except ClientError as error:
        if wanted:
            raise
        if error is not _NOWHERE:
            report(ClientError(f"no window was opened for '{result['domain']}': {error.message}", hint=error.hint))
        elif not quiet:
            say(f"'{result['domain']}' wants a window, and there is no display here: xm vncviewer {result['domain']}")


def _environment(asked: dict[str, Any]) -> dict[str, str]:
    """What a viewer gets. Whoever wrote the guest file may choose among the displays of this machine, not send the
    user's viewer to one of their own.
    """
    environment = dict(os.environ)
    if asked.get("display"):
        if not _LOCAL.fullmatch(asked["display"]):
            raise _ELSEWHERE
        environment["DISPLAY"] = asked["display"]
    if asked.get("authority"):
        environment["XAUTHORITY"] = asked["authority"]
    if not environment.get("DISPLAY") and not environment.get("WAYLAND_DISPLAY"):
        raise _NOWHERE
    return environment


def _show(context: Context, uuid: str, environment: dict[str, str]) -> None:
    """Return when a viewer shows the screen, in a process of its own. Raises ClientError."""
    program, where = find_viewer(None)
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as told:
        try:
            _spawn([context.root, context.host, uuid, program, where], environment, writing)
        finally:
            os.close(writing)
        if not select.select([told], [], [], _SECONDS)[0]:
            return
        said = told.read(4096).decode(errors="replace").strip()
    if said != "shown":
        raise ClientError(said or "its viewer has ended", kind="unavailable", hint="later: xm vncviewer DOMAIN")


def _spawn(words: list[str], environment: dict[str, str], report: int) -> None:
    """Start the process behind the window, which nobody waits for: it has neither our terminal nor our pipes."""
    command = [sys.executable, "-P", "-m", "xenia.cli.window_main", *words]  # -P: no modules of the folder we are in
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0),
        (os.POSIX_SPAWN_DUP2, 0, 1),
        (os.POSIX_SPAWN_DUP2, 0, 2),
        (os.POSIX_SPAWN_DUP2, report, REPORT),
    ]
    try:
        os.posix_spawn(sys.executable, command, environment, file_actions=files, setsid=True)
    except OSError as error:
        raise ClientError(f"cannot start {sys.executable}: {error.strerror}", kind="unavailable") from error
