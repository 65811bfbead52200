"""Tokens, as `var/lib/xenia/tokens.json` keeps them: by the digests of their secrets."""

from __future__ import annotations

import asyncio
import json
import logging

from xenia.lib.codec import from_plain, to_plain
from xenia.lib.files import Files
from xenia.model.token import Token

log = logging.getLogger(__name__)

_FILE = "var/lib/xenia/tokens.json"


class Tokens:
    """All of them, in memory after `load`; `put` and `remove` keep memory and disk alike."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._tokens: dict[str, Token] = {}
        self._turn = asyncio.Lock()

    async def load(self) -> None:
        """A file that cannot be read is left where it is and logged: nobody is known then who comes from outside."""
        content = await self._files.read(_FILE)
        if content is None:
            return
        try:
            found = [from_plain(Token, each) for each in json.loads(content)["tokens"]]
        except (ValueError, KeyError, TypeError) as error:
            log.error("%s cannot be read: %s", _FILE, error)
            return
        self._tokens = {each.digest: each for each in found}

    def all(self) -> tuple[Token, ...]:
        return tuple(self._tokens.values())

    def by_digest(self, digest: str) -> Token | None:
        return self._tokens.get(digest)

    async def put(self, *tokens: Token) -> None:
        """Keep these, in the place of those with the same digests. Raises OSError, and then the old ones hold."""
        async with self._turn:
            await self._keep(self._tokens | {each.digest: each for each in tokens})

    async def remove(self, *tokens: Token) -> None:
        """Raises OSError, and then they hold still."""
        gone = {each.digest for each in tokens}
        async with self._turn:
            await self._keep({each.digest: each for each in self.all() if each.digest not in gone})

    async def _keep(self, tokens: dict[str, Token]) -> None:
        content = json.dumps({"tokens": [to_plain(each) for each in tokens.values()]}, indent=1).encode()
        await self._files.write(_FILE, content, durable=True)
        self._tokens = tokens
