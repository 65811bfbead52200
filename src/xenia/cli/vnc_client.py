"""Programs that show a screen over VNC, and how each is told where."""

from __future__ import annotations

import os
import shutil

from xenia.client.errors import ClientError

_VIEWERS = (
    ("xtigervncviewer", "{host}::{port}"),
    ("vncviewer", "{host}::{port}"),
    ("remote-viewer", "vnc://{host}:{port}"),
    ("gvncviewer", "{host}:{display}"),
)
"""The first that is there is taken."""

_FIRST_PORT = 5900


def find_viewer(wanted: str | None) -> tuple[str, str]:
    """The viewer that is `wanted`, or else the first that is there, and how it is told where. Raises ClientError."""
    if wanted:
        return wanted, dict(_VIEWERS).get(os.path.basename(wanted), "{host}::{port}")  # noqa: PTH119 (no pathlib)
    for name, where in _VIEWERS:
        if shutil.which(name):
            return name, where
    raise ClientError(
        f"there is no viewer here: {', '.join(name for name, _ in _VIEWERS)}",
        kind="unavailable",
        hint="apt-get install tigervnc-viewer; or connect one yourself: xm vncviewer -n DOMAIN",
    )


def words_for(program: str, where: str, place: tuple[str, int]) -> list[str]:
    """The words that have the viewer show what is at `place`."""
    host, port = place
    return [program, where.format(host=host, port=port, display=port - _FIRST_PORT)]
