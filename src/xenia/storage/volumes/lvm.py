"""LVM's programs, each with the exact words of one use.

What only reports is killed when it takes too long. What changes something never is: LVM may hold devices suspended in
between. It is waited for to its end, even when xend is told to do something else; a xend that dies leaves it to finish.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from xenia.lib.aio import undisturbed
from xenia.lib.program import Ended, run
from xenia.lib.text import printable
from xenia.model.errors import engine_failed, timed_out, unavailable
from xenia.storage.volumes.names import VolumeName
from xenia.storage.volumes.report import GROUP_FIELDS, VOLUME_FIELDS, Row, rows

_SECONDS = 60
_REPORT = ("--reportformat", "json", "--units", "b", "--nosuffix")


@dataclass(frozen=True, slots=True)
class Lvm:
    """All raise unavailable where LVM is not installed, engine_failed with its reason where it refuses, and timed_out
    where it has not reported within a minute.
    """

    async def report(self, groups: Collection[str]) -> tuple[list[Row], list[Row]]:
        """The rows of these volume groups, and of the volumes in them; of what is not there, none. A row of a volume
        tells of its group, too.
        """
        volumes = rows((await self._ask(_report("lvs", (*GROUP_FIELDS, *VOLUME_FIELDS), groups))).out, "lv")
        told = {row["vg_name"]: row for row in volumes}
        empty = [group for group in groups if group not in told]
        others = rows((await self._ask(_report("vgs", GROUP_FIELDS, empty))).out, "vg") if empty else []
        return [*told.values(), *others], volumes

    async def create(self, volume: VolumeName, size: int, tag: str = "") -> None:
        """A thick one. What a file system or a table is known by is wiped out of it, and no more."""
        words = ["--wipesignatures", "y", "--zero", "y", "--size", f"{size}b", "--name", volume.name]
        await self._change(["lvcreate", "--yes", *words, *_tagged(tag), volume.group])

    async def create_thin(self, volume: VolumeName, pool: str, size: int, tag: str = "") -> None:
        words = ["--thin", "--thinpool", pool, "--virtualsize", f"{size}b", "--name", volume.name]
        await self._change(["lvcreate", "--yes", *words, *_tagged(tag), volume.group])

    async def snapshot(self, origin: VolumeName, name: str) -> None:
        """A thin volume of the same group, which begins as the thin one `origin`, and can be used like any other."""
        words = ["--snapshot", "--setactivationskip", "n", "--name", name]
        await self._change(["lvcreate", "--yes", *words, origin.word])

    async def extend(self, volume: VolumeName, size: int, places: Sequence[str] = ()) -> None:
        """To `size` bytes, in these `places` (as `places_of` tells them) where there are some."""
        await self._change(["lvextend", "--yes", "--size", f"{size}b", volume.word, *places])

    async def places_of(self, volume: VolumeName) -> list[str]:
        """Where on its disks it is: `/dev/sdb:0-99`."""
        ended = await self._ask(["lvs", *_REPORT, "--segments", "--options", "seg_pe_ranges", volume.word])
        return [place for row in rows(ended.out, "seg") for place in row["seg_pe_ranges"].split()]

    async def remove(self, volume: VolumeName) -> None:
        """LVM refuses one that somebody has open."""
        await self._change(["lvremove", "--yes", volume.word])

    async def untag(self, volume: VolumeName, tag: str) -> None:
        await self._change(["lvchange", "--deltag", tag, volume.word])

    async def _ask(self, words: Sequence[str]) -> Ended:
        try:
            return await _run(words, _SECONDS)
        except TimeoutError as error:
            raise timed_out(
                f"LVM has not answered within {_SECONDS} seconds", "look at its disks: pvs, dmesg"
            ) from error

    async def _change(self, words: Sequence[str]) -> None:
        await undisturbed(_run(words, None))


def _report(program: str, fields: Collection[str], groups: Collection[str]) -> list[str]:
    chosen = "||".join(f'vg_name="{group}"' for group in groups)
    return [program, *_REPORT, "--options", ",".join(fields), "--select", chosen]


def _tagged(tag: str) -> tuple[str, ...]:
    return ("--addtag", tag) if tag else ()


async def _run(words: Sequence[str], seconds: float | None) -> Ended:
    try:
        ended = await run(words, seconds=seconds)
    except FileNotFoundError as error:
        raise unavailable(f"LVM is not installed here: there is no {words[0]}", "apt install lvm2") from error
    if ended.code != 0:
        raise engine_failed(f"LVM refuses ({words[0]}): {reason(ended.err)}")
    return ended


def reason(said: str) -> str:
    """What LVM says of a failure, without its warnings."""
    lines = [line.strip() for line in said.splitlines()]
    kept = [line for line in lines if line and not line.startswith(("WARNING:", "Rounding "))]
    return printable("; ".join(kept) or "it does not say why")[:500]
