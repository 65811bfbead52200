"""Rules of the host's packet filter, in tables of our own, by the program nft (man libnftables-json).

What is sent is done as one transaction: all of it or nothing. A call costs a process of some 5 ms. Other tables (of a
firewall, of Docker) are neither read nor touched; in the kernel, what one table lets pass another may still drop.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xenia.lib.program import Ended, run
from xenia.model.errors import XeniaError, denied, engine_failed, timed_out, unavailable

TABLE = "xenia"
"""The name of our table in each family: `bridge` has what guards the ports of guests, `inet` what networks need."""

Command = Mapping[str, Any]
"""One command of libnftables-json: `{"add": {"chain": {...}}}`. It names our table."""

_SECONDS = 20.0
_ERROR = re.compile(r"^(?:\S+:\d+:\d+-\d+: )?Error: (.*)$", re.MULTILINE)
_NO_SUCH = "No such file or directory"


@dataclass(frozen=True, slots=True)
class Nft:
    """`binary` is the name or the path of nft. It works in the network namespace of the calling thread."""

    binary: str = "nft"

    async def apply(self, commands: Sequence[Command]) -> None:
        """Do all of `commands` or none of them.

        Raises unavailable without nft, denied without the rights, timed_out, and engine_failed with nft's own words.
        """
        document = json.dumps({"nftables": [_of_our_table(command) for command in commands]})
        ended = await self._run(("-j", "-f", "-"), document)
        if ended.code:
            raise _failure(ended)

    async def table(self, family: str) -> tuple[Mapping[str, Any], ...] | None:
        """What our table of `family` holds: objects such as `{"chain": {...}}`; None where there is no such table.

        Raises as `apply`.
        """
        ended = await self._run(("-j", "list", "table", family, TABLE))
        if ended.code:
            if _NO_SUCH in ended.err:
                return None
            raise _failure(ended)
        return tuple(each for each in json.loads(ended.out)["nftables"] if "metainfo" not in each)

    async def remove(self, family: str) -> None:
        """Remove our table of `family` with all in it; silent when there is none. Raises as `apply`."""
        table = {"table": {"family": family, "name": TABLE}}
        await self.apply(({"add": table}, {"delete": table}))  # so that there is one to delete

    async def _run(self, words: Sequence[str], content: str = "") -> Ended:
        try:
            return await run((self.binary, *words), content, seconds=_SECONDS)
        except FileNotFoundError:
            raise unavailable("nft is not installed", "apt-get install nftables") from None
        except OSError as error:
            raise unavailable(f"nft cannot be run: {error.strerror}") from error
        except TimeoutError:
            raise timed_out(f"nft did not end within {_SECONDS:g} s and was ended") from None


def _of_our_table(command: Command) -> Command:
    """A slip of ours must never reach the rules of somebody else."""
    for objects in command.values():
        for kind, members in objects.items():
            if members.get("name" if kind == "table" else "table") != TABLE:
                raise ValueError(f"not of the table {TABLE}: {command}")
    return command


def _failure(ended: Ended) -> XeniaError:
    found = _ERROR.search(ended.err)
    said = found[1] if found else ended.err.strip() or f"it ended with {ended.code}"
    if "Operation not permitted" in ended.err:
        return denied("xend may not change the rules of the packet filter", "run xend as root")
    hint = None
    if _NO_SUCH in said or "not supported" in said:
        hint = "the kernel may lack a part of nftables: modprobe nf_tables; lsmod | grep nft shows what is loaded"
    return engine_failed(f"nft refused the rules of xend: {said}", hint)
