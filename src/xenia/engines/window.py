"""The window of a guest's display (sdl=1), which no engine opens itself: a guest outlives whoever looks at it, and its
QEMU has no right to anybody's display.
"""

from __future__ import annotations

from collections.abc import Iterator

from xenia.engines.remarks import note
from xenia.model.complaint import Complaint
from xenia.model.display import Display


def explain_window(display: Display) -> Iterator[Complaint]:
    """What is different about it."""
    if display.sdl:
        yield note(
            "sdl",
            "the window of sdl is that of a VNC viewer: xm create and xm start open it where they are used",
            "later, or elsewhere: xm vncviewer DOMAIN",
        )
    if display.opengl:
        yield note("opengl", "opengl has no effect: the window is that of a VNC viewer")
