"""Having answers of security keys looked at, in a process for each that has no rights at all."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from typing import Any

from xenia.lib.program import run
from xenia.lib.text import printable
from xenia.manager.logins.second_factor import Answer, Made
from xenia.model.errors import unauthenticated, unavailable
from xenia.model.security_key import SecurityKey, Site

log = logging.getLogger(__name__)

_AT_ONCE = 4
_SECONDS = 30.0
_MOST = 1 << 16


class Proofs:
    """`uid` is who the processes are (None: who xend is)."""

    def __init__(self, uid: int | None) -> None:
        self._uid = uid
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def made(self, answer: Answer, challenge: str, site: Site) -> Made:
        """The key that was made for `challenge`. Raises unauthenticated where the answer does not hold, unavailable."""
        return Made(**await self._ask("made", answer, challenge, site))

    async def proven(self, answer: Answer, challenge: str, site: Site, key: SecurityKey) -> int:
        """How often `key` has signed now that it has signed `challenge`. Raises as `made`."""
        found = await self._ask("proven", answer, challenge, site, public_key=key.public_key, count=key.count)
        count: int = found["count"]
        return count

    async def _ask(self, task: str, answer: Answer, challenge: str, site: Site, **more: Any) -> dict[str, Any]:
        about = {"answer": answer, "challenge": challenge, "host": site.host, "origin": site.origin, "uid": self._uid}
        words = (sys.executable, "-I", "-m", "xenia.daemon.security_key.main")
        async with self._turns:
            try:
                ended = await run(words, json.dumps({"task": task, **about, **more}), seconds=_SECONDS, most=_MOST)
                said: dict[str, Any] = json.loads(ended.out)
            except (OSError, TimeoutError, ValueError) as error:
                log.warning("the answer of a security key cannot be read: %s", error or type(error).__name__)
                raise unavailable(
                    "the answer of a security key cannot be read", "xend's log says why: xm log"
                ) from error
        if "refused" in said:
            log.warning("the answer of a security key does not hold: %s", printable(said["refused"]))
            raise unauthenticated("the answer of the security key does not hold", "log in again; xend's log says why")
        found: dict[str, Any] = said["answer"]
        return found
