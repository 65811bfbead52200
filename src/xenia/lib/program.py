"""Programs of the host that do one thing and end: bounded in time, never left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_GONE_SECONDS = 1.0
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": PATH}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended and what it said."""

    code: int
    out: str
    err: str


async def run(
    words: Sequence[str],
    content: str = "",
    *,
    seconds: float | None,
    descriptors: Sequence[int] = (),
    most: int | None = None,
    hear: Callable[[bytes], None] = lambda _: None,
) -> Ended:
    """Run `words[0]`, a name in the usual folders or a path, with `content` as its input. It inherits `descriptors`
    under their numbers. Of each of its outputs the first `most` bytes are kept (None: all). `hear` is told each piece
    of its output as it comes.

    Raises OSError when it cannot be started (FileNotFoundError: it is not installed), TimeoutError when it has not
    ended within `seconds` (None: it may take its time); it is killed then, as when this call is cancelled.
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
            return await _talk(process, content.encode(), most, hear)
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        with suppress(TimeoutError):  # a child of its own may hold the pipes
            async with asyncio.timeout(_GONE_SECONDS):
                await _talk(process, b"", 0, lambda _: None)
        raise


async def _talk(
    process: asyncio.subprocess.Process, content: bytes, most: int | None, hear: Callable[[bytes], None]
) -> Ended:
    """Say `content`, and listen until it has ended."""
    _, out, err = await asyncio.gather(
        _say(process.stdin, content), _listen(process.stdout, most, hear), _listen(process.stderr, most)
    )
    return Ended(await process.wait(), out, err)


async def _say(stream: asyncio.StreamWriter | None, content: bytes) -> None:
    if stream is None:
        return
    with suppress(BrokenPipeError, ConnectionResetError):  # it does not want to hear all
        stream.write(content)
        stream.close()
        await stream.wait_closed()


async def _listen(
    stream: asyncio.StreamReader | None, most: int | None, hear: Callable[[bytes], None] = lambda _: None
) -> str:
    kept = bytearray()
    while stream is not None and (piece := await stream.read(65536)):
        hear(piece)
        kept += piece if most is None else piece[: most - len(kept)]
    return kept.decode(errors="replace")
