"""CPU pools, by xl (xl_cpupool.c). It ends well also where Xen has refused: what is true is looked up after."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xenia.engines.xen.xl import Xl
from xenia.model.errors import engine_failed
from xenia.model.pool import Pool
from xenia.model.vcpu import said

_LINE = re.compile(r"(?P<name>\S.*?)\s+\d+\s+(?P<scheduler>\S+)\s+[yn]\s+(?P<domains>\d+)\s*")


@dataclass(frozen=True, slots=True)
class Pools:
    """`domid_of` tells the id of a guest by its UUID."""

    xl: Xl
    domid_of: Callable[[str], int]

    async def all(self) -> tuple[Pool, ...]:
        return read_list(await self.xl.run("cpupool-list"), await self.xl.run("cpupool-list", "-c"))

    async def create(self, name: str, scheduler: str, cpus: tuple[int, ...]) -> None:
        """The words are lines of the language of xl's files."""
        numbers = json.dumps([str(cpu) for cpu in cpus])
        await self.xl.run(
            "cpupool-create", f"name={json.dumps(name)}", f"sched={json.dumps(scheduler)}", f"cpus={numbers}"
        )

    async def destroy(self, name: str) -> None:
        await self.xl.run("cpupool-destroy", name)

    async def add(self, name: str, cpus: tuple[int, ...]) -> None:
        await self.xl.run("cpupool-cpu-add", name, said(cpus))
        missing = set(cpus) - set(await self._cpus(name))
        if missing:
            raise engine_failed(f"Xen does not put CPU {said(missing)} into the pool '{name}'", "xl dmesg may say why")

    async def remove(self, name: str, cpus: tuple[int, ...]) -> None:
        await self.xl.run("cpupool-cpu-remove", name, said(cpus))
        kept = set(cpus) & set(await self._cpus(name))
        if kept:
            raise engine_failed(
                f"Xen does not take CPU {said(kept)} out of the pool '{name}'",
                "a pool with domains in it keeps one CPU at least, and those that virtual CPUs are bound to",
            )

    async def _cpus(self, name: str) -> tuple[int, ...]:
        return next((pool.cpus for pool in await self.all() if pool.name == name), ())

    async def rename(self, old: str, new: str) -> None:
        await self.xl.run("cpupool-rename", old, new)

    async def split(self) -> None:
        await self.xl.run("cpupool-numa-split")

    async def move(self, uuid: str, name: str) -> None:
        await self.xl.run("cpupool-migrate", str(self.domid_of(uuid)), name)


def read_list(text: str, with_cpus: str) -> tuple[Pool, ...]:
    """From what xl cpupool-list prints, and with -c. Both have the pools in one order, under a heading."""
    matches = [match for line in text.splitlines() if (match := _LINE.fullmatch(line))]
    lines = with_cpus.splitlines()[1:]
    cells = [line.removeprefix(match["name"]).strip() for match, line in zip(matches, lines, strict=False)]
    return tuple(
        Pool(match["name"], match["scheduler"], tuple(_numbers(cell)), int(match["domains"]))
        for match, cell in zip(matches, cells, strict=False)
    )


def _numbers(cell: str) -> Sequence[int]:
    numbers: list[int] = []
    for part in filter(None, cell.split(",")):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers
