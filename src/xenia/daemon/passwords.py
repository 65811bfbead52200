"""Asking the host whether a password is right, by PAM, in a process of its own.

PAM's modules are what the host's administrator has chosen, may take seconds or crash, and are made for programs that
end: so is this one. Each password has a process, a few at once.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys

from xenia.lib.program import run
from xenia.model.errors import denied, unavailable

log = logging.getLogger(__name__)

_AT_ONCE = 4
_SECONDS = 30.0
_RIGHT, _WRONG = 0, 1


class Passwords:
    """`service` is the one of PAM: `/etc/pam.d/SERVICE`, where there is none `/etc/pam.d/other`."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def check(self, user: str, password: str) -> None:
        """Raises denied for a wrong one, unavailable where PAM does not answer."""
        content = json.dumps({"service": self._service, "user": user, "password": password})
        words = (sys.executable, "-I", "-m", "xenia.daemon.passwords_main")
        async with self._turns:
            try:
                ended = await run(words, content, seconds=_SECONDS, most=4096)
            except TimeoutError:
                raise unavailable(f"the host has not said within {_SECONDS:g} s whether a password is right") from None
            except OSError as error:
                raise unavailable(f"the host cannot be asked for passwords: {error.strerror}") from error
        if ended.code == _RIGHT:
            return
        log.info("PAM refuses user '%s': %s", user, ended.err.strip().splitlines()[-1:] or f"exit code {ended.code}")
        if ended.code != _WRONG:
            raise unavailable("the host cannot be asked for passwords", "xend's log says more: xm log")
        raise denied("the password is wrong")
