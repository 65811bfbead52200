"""Running xl: bounded in time, ended with all it has started, its words made fit for people."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from xenia.model.errors import XeniaError, engine_failed, timed_out, unavailable

SECONDS = 60.0
CREATE_SECONDS = 300.0
"""xl waits up to 40 s for each device itself (LIBXL_HOTPLUG_TIMEOUT)."""

_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}

_PREFIX = re.compile(
    r"^(?:libxl|xl|xc)(?:detail)?: (?:error|warning|notice|info|debug|detail): (?:panic: )?(?:\S+:\d+: ?\S+: )?"
    r"(?:Domain \d+:)?"
)
_NOISE = re.compile(
    r"^(?:Parsing config|(?:libxl|xc): (?:warning|notice|info|debug|detail|progress)|xencall: error: alloc_pages"
    r"|Saving to | ?Savefile contains |Loading new save file )"
)
_MOST_LINES = 3
_GONE_SECONDS = 5.0


def reachable(descriptor: int) -> str:
    """An open file, by a name that root's other processes can open while we live (proc(5), /proc/pid/fd)."""
    return f"/proc/{os.getpid()}/fd/{descriptor}"


@dataclass(frozen=True, slots=True)
class Xl:
    """`binary` is xl's name or path. Several commands may run at once; xl itself takes what turns it needs.

    `check` is called before each: it raises unavailable where xl would only wait for something that does not come.
    """

    binary: str = "xl"
    check: Callable[[], None] = lambda: None

    async def run(self, *words: str, seconds: float = SECONDS) -> str:
        """What it prints. Raises engine_failed with its own words, timed_out, unavailable when there is no xl."""
        self.check()
        spawning = asyncio.get_running_loop().create_task(self._spawn(words), name=f"start of xl {words[0]}")
        try:
            process = await asyncio.shield(spawning)
        except asyncio.CancelledError:
            await _end_group(await spawning)
            raise
        try:
            async with asyncio.timeout(seconds):
                out, said = await process.communicate()
        except TimeoutError:
            await _end_group(process)
            raise timed_out(
                f"xl {words[0]} did not end within {seconds:g} s and was ended",
                "its own log is in /var/log/xen; xl list shows what there is",
            ) from None
        except BaseException:
            await _end_group(process)
            raise
        if process.returncode:
            raise _failure(words[0], process.returncode, said.decode(errors="replace"))
        return out.decode(errors="replace")

    async def _spawn(self, words: Sequence[str]) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                self.binary,
                *words,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=_ENVIRONMENT,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise unavailable("xl is not installed", "apt-get install xen-utils-common") from None
        except OSError as error:
            raise unavailable(f"xl cannot be run: {error.strerror}") from error


async def _end_group(process: asyncio.subprocess.Process) -> None:
    """xl that is cut off ends with the scripts and helpers that it runs, also when it has ended itself and they still
    hold its output; none does anything any more when this returns. What it leaves behind on purpose (device models) is
    in a session of its own by then.
    """
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_GONE_SECONDS):
            await process.communicate()


def _failure(verb: str, code: int, said: str) -> XeniaError:
    words = last_words(said) or f"it ended with code {code} and says nothing"
    return engine_failed(f"xl {verb} failed: {words}", "xl's logs are in /var/log/xen; what Xen says: xl dmesg")


def last_words(said: str) -> str:
    """The errors in what xl has said, without its places in its own source; the first few, each once."""
    lines = [_PREFIX.sub("", line).strip() for line in said.splitlines() if line.strip() and not _NOISE.match(line)]
    return "; ".join(list(dict.fromkeys(lines))[:_MOST_LINES])
