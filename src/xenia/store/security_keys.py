"""Security keys, as `var/lib/xenia/security-keys.json` keeps them: their public halves."""

from __future__ import annotations

import asyncio
import json
import logging

from xenia.lib.codec import from_plain, to_plain
from xenia.lib.files import Files
from xenia.model.errors import unavailable
from xenia.model.security_key import SecurityKey

log = logging.getLogger(__name__)

_FILE = "var/lib/xenia/security-keys.json"


class SecurityKeyStore:
    """All of them, in memory after `load`; `put` and `remove` keep memory and disk alike."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._keys: dict[str, SecurityKey] = {}
        self._readable = True
        self._turn = asyncio.Lock()

    async def load(self) -> None:
        """A file that cannot be read is left where it is and logged: who has a key is not known then, and nobody is
        taken for one who has none.
        """
        content = await self._files.read(_FILE)
        if content is None:
            return
        try:
            found = [from_plain(SecurityKey, each) for each in json.loads(content)["security_keys"]]
        except (ValueError, KeyError, TypeError) as error:
            log.error("%s cannot be read: %s", _FILE, error)
            self._readable = False
            return
        self._keys = {each.id: each for each in found}

    def all(self) -> tuple[SecurityKey, ...]:
        """Raises unavailable where it is not known which there are."""
        if not self._readable:
            raise unavailable(
                f"which security keys there are cannot be read: {_FILE}",
                "have that file again from a backup, or take it away, and restart xend; xm log says why",
            )
        return tuple(self._keys.values())

    def of(self, user: str) -> tuple[SecurityKey, ...]:
        """Those of one user. Raises as `all`."""
        return tuple(each for each in self.all() if each.user == user)

    async def put(self, key: SecurityKey) -> None:
        """Keep `key`, in the place of the one with its id. Raises OSError, and then the old one holds."""
        async with self._turn:
            await self._keep({each.id: each for each in self.all()} | {key.id: key})

    async def remove(self, key: SecurityKey) -> None:
        """Raises OSError, and then it holds still."""
        async with self._turn:
            await self._keep({each.id: each for each in self.all() if each.id != key.id})

    async def _keep(self, keys: dict[str, SecurityKey]) -> None:
        content = json.dumps({"security_keys": [to_plain(each) for each in keys.values()]}, indent=1).encode()
        await self._files.write(_FILE, content, durable=True)
        self._keys = keys
