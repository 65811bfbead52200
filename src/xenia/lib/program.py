"""Programs of the host that do one thing and end: bounded in time, never left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": PATH}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended and what it said."""

    code: int
    out: str
    err: str


async def run(words: Sequence[str], content: str = "", *, seconds: float, descriptors: Sequence[int] = ()) -> Ended:
    """Run `words[0]`, a name in the usual folders or a path, with `content` as its input. It inherits `descriptors`
    under their numbers.

    Raises OSError when it cannot be started (FileNotFoundError: it is not installed), TimeoutError when it has not
    ended within `seconds`; it is killed then, as when this call is cancelled.
    """
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=ENVIRONMENT,
        pass_fds=descriptors,
    )
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate(content.encode())
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        raise
    return Ended(process.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace"))
