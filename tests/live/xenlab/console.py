"""A person at a terminal in dom0, at the console of a guest."""

from __future__ import annotations

from tests.live.xenlab.host import XenHost


def talk(host: XenHost, *command: str, typed: str = "", awaited: str, seconds: float = 60) -> str:
    """Run `command` (xm console NAME) on a terminal, type something, wait for an answer (a regular expression) and
    leave with Ctrl-]; what was shown.
    """
    said = host.run("person", str(seconds), typed, awaited, *command, timeout=seconds * 2, program="person")
    assert said.code == 0, f"{' '.join(command)}: {awaited!r} is not seen: {said}"
    return said.out
