"""Asking an issuer, in a process for each question that has no rights but to speak to it."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xenia.lib.program import run
from xenia.lib.regular import read_regular
from xenia.lib.text import printable
from xenia.model.errors import XeniaError, unauthenticated, unavailable
from xenia.model.issuer import Identity, Issuer, Vouched
from xenia.settings.toml import open_to_others

log = logging.getLogger(__name__)

_AT_ONCE = 4
_SECONDS = 30.0
_MOST = 1 << 20
_KEPT_SECONDS = 300.0
_FAILED_SECONDS = 5.0
"""So long an issuer that does not answer is not asked again for its door, which anybody may have it asked for."""
_LONGEST_SECRET = 4096


class Issuers:
    """`uid` is who the processes are (None: who xend is). `clock` gives seconds."""

    def __init__(self, uid: int | None, clock: Callable[[], float]) -> None:
        self._uid = uid
        self._clock = clock
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._turn = asyncio.Lock()
        self._known: tuple[Issuer, float, dict[str, Any] | XeniaError] | None = None

    async def door(self, issuer: Issuer) -> str:
        """Where users log in there. Raises unavailable where the issuer does not answer as it should."""
        url: str = (await self._discovered(issuer))["authorization_endpoint"]
        return url

    async def redeem(self, issuer: Issuer, code: str, verifier: str, nonce: str) -> Identity:
        """Who the code is of. Raises unauthenticated where it or the issuer's word does not hold, unavailable."""
        answer = await self._ask(
            issuer,
            "redeem",
            door=await self._discovered(issuer),
            client_id=issuer.client_id,
            secret=_secret_in(issuer.secret_file),
            back=issuer.back,
            code=code,
            verifier=verifier,
            nonce=nonce,
            user_claim=issuer.user_claim,
            groups_claim=issuer.groups_claim,
        )
        return Identity(answer["user"], Vouched(issuer.url, tuple(answer["groups"])))

    async def _discovered(self, issuer: Issuer) -> dict[str, Any]:
        """What it says of itself: asked for now and then, and once for all who want to know."""
        async with self._turn:
            if self._known is None or self._known[0] != issuer or self._known[1] <= self._clock():
                try:
                    found = await self._ask(issuer, "discover")
                    self._known = (issuer, self._clock() + _KEPT_SECONDS, found)
                except XeniaError as error:
                    self._known = (issuer, self._clock() + _FAILED_SECONDS, error)
            known = self._known[2]
        if isinstance(known, XeniaError):
            raise XeniaError(known.message, kind=known.kind, hint=known.hint)
        return known

    async def _ask(self, issuer: Issuer, task: str, **more: Any) -> dict[str, Any]:
        about = {"issuer": issuer.url, "authority": issuer.authority, "hosts": issuer.hosts, "uid": self._uid}
        words = (sys.executable, "-I", "-m", "xenia.daemon.issuer.main")
        async with self._turns:
            try:
                ended = await run(words, json.dumps({"task": task, **about, **more}), seconds=_SECONDS, most=_MOST)
            except TimeoutError:
                raise _silent(issuer, f"it has not answered within {_SECONDS:g} s") from None
            except OSError as error:
                raise _silent(issuer, f"its process cannot be started: {error.strerror}") from error
        try:
            said: dict[str, Any] = json.loads(ended.out)
        except ValueError:
            last = ended.err.strip().splitlines()[-1:]
            raise _silent(issuer, f"its process ended with {ended.code}: {''.join(last)}") from None
        if "refused" in said:
            log.info("a login through %s is refused: %s", issuer.url, printable(said["refused"]))
            raise unauthenticated(printable(said["refused"]), "log in again; where that does not help: xm log")
        if "unusable" in said:
            raise _silent(issuer, said["unusable"])
        answer: dict[str, Any] = said["answer"]
        return answer


def _silent(issuer: Issuer, why: str) -> XeniaError:
    """What is told to anybody says no more than that; the log says why."""
    log.warning("the issuer %s cannot be used: %s", issuer.url, printable(why))
    return unavailable("the issuer cannot be asked for users", "log in with a password; xend's log says why: xm log")


def _secret_in(path: str) -> str:
    """Raises unavailable where it cannot be read."""
    if not path:
        return ""
    try:
        secret = read_regular(Path(path), _LONGEST_SECRET).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        log.warning("the secret in %s (oidc.client_secret_file) cannot be read: %s", path, error)
        secret = ""
    if not secret:
        raise unavailable("the issuer cannot be asked for users", "oidc.client_secret_file has no secret: xm log")
    if open_to_others(Path(path)):
        log.warning("%s can be read by others: chmod 600", path)
    return secret
