"""A person at a terminal in dom0, at the console of a guest."""

from __future__ import annotations

from tests.live.xenlab.host import XenHost
from tests.live.xenlab.recipe import CHECK

_PERSON = """\
import sys
sys.path.append(sys.argv[1])
import pexpect
seconds, typed, awaited = float(sys.argv[2]), sys.argv[3], sys.argv[4]
console = pexpect.spawn(sys.argv[5], sys.argv[6:], timeout=seconds, encoding="utf-8", codec_errors="replace")
if typed:
    console.send(typed + "\\r")
console.expect(awaited)
console.send("\\x1d")
console.expect(pexpect.EOF)
console.close()
print(console.exitstatus)
"""


def talk(host: XenHost, *command: str, typed: str = "", awaited: str, seconds: float = 60) -> None:
    """Run `command` (xm console NAME) on a terminal, type something, wait for an answer (a regular expression) and
    leave with Ctrl-].
    """
    said = host.run("python3", "-c", _PERSON, CHECK, str(seconds), typed, awaited, *command, timeout=seconds * 2)
    assert (said.code, said.out) == (0, "0\n"), f"{' '.join(command)}: {awaited!r} is not seen: {said.err[-1500:]}"
