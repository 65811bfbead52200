"""A guest that writes to its memory and its disk all the time, and notices what is not of one moment."""

from __future__ import annotations

import itertools
import re
import subprocess
from pathlib import Path

from tests.support.terminal import Terminal

_SOURCE = Path(__file__).with_name("dirtier.c")
_SIZE = 32 << 20
_PLACE = 16384
MEMORY = 256
"""MiB that its guest needs."""

_NUMBERS = itertools.count(100)


def compiled(path: Path, mib: int = 64) -> bytes:
    """The program, which is made at `path`, and writes to so much memory."""
    subprocess.run(["tcc", f"-DMIB={mib}", "-static", "-nostdlib", "-o", path, _SOURCE], check=True)
    return path.read_bytes()


def write_disk(path: Path) -> None:
    """The disk that it writes to, with the program on it."""
    program = compiled(path.with_suffix(".bin"))
    path.write_bytes(program.ljust(_PLACE, b"\0").ljust(_SIZE, b"\0"))


def begin(screen: Terminal) -> None:
    """The guest, whose first disk it is, writes."""
    screen.types(f"dd if=/dev/vda of=dirty bs={_PLACE} count=1 2>/dev/null; chmod +x dirty; ./dirty &\n")
    screen.sees("round 50\r\n")


def goes_on(screen: Terminal) -> int:
    """The round that it is in, once it has come by all of its memory from then on."""
    number = next(_NUMBERS)
    screen.types(f"echo he''re {number}\n")
    screen.sees(f"here {number}\r\n")
    screen.sees("round ")
    begun = int(screen.sees("\r\n"))
    screen.sees(f"round {begun + 100}\r\n")
    return begun


def complaints(logs: Path) -> list[str]:
    """What it has said on its console, whose log is below `logs`, of what was not as it had left it."""
    said = "".join(path.read_text(errors="replace") for path in logs.glob("console-*"))
    assert "round 50" in said
    return re.findall(r"(?:TORN|LOST|FUTURE) \d+", said)
