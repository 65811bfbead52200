"""CPU pools, as xl 4.17 prints and takes them."""

from __future__ import annotations

from typing import Any

import pytest

from xenia.engines.xen.pools import Pools, read_list
from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.pool import Pool

LIST = """\
Name               CPUs   Sched     Active   Domain count
Pool-0               1   credit2       y          2
an old one           2    credit       y          0
e                    0    credit       n          0
"""
CPUS = """\
Name               CPU list
Pool-0             0
an old one         2,3
e{blanks}
""".replace("{blanks}", " " * 18)


def test_the_lists_are_read() -> None:
    assert read_list(LIST, CPUS) == (
        Pool("Pool-0", "credit2", (0,), 2),
        Pool("an old one", "credit", (2, 3), 0),
        Pool("e", "credit", (), 0),
    )
    assert read_list("", "") == ()


class Xl:
    """It ends well whatever Xen has done."""

    def __init__(self) -> None:
        self.said: list[tuple[str, ...]] = []

    async def run(self, *words: str) -> str:
        self.said.append(words)
        return {("cpupool-list",): LIST, ("cpupool-list", "-c"): CPUS}.get(words, "")


async def test_what_xen_has_not_done_is_found_out() -> None:
    xl: Any = Xl()
    pools = Pools(xl, int)
    await pools.add("an old one", (2, 3))
    assert xl.said[0] == ("cpupool-cpu-add", "an old one", "2-3")
    with pytest.raises(XeniaError, match="does not put CPU 7 into the pool 'Pool-0'") as raised:
        await pools.add("Pool-0", (0, 7))
    assert raised.value.kind is ErrorKind.ENGINE_FAILED
    await pools.remove("Pool-0", (7,))
    with pytest.raises(XeniaError, match="does not take CPU 0 out of the pool 'Pool-0'"):
        await pools.remove("Pool-0", (0,))


async def test_the_words_of_a_new_pool_are_lines_of_a_file() -> None:
    xl: Any = Xl()
    await Pools(xl, int).create("fast", "credit", (2, 3))
    await Pools(xl, int).move("7", "fast")
    assert xl.said.pop() == ("cpupool-migrate", "7", "fast")
    assert xl.said == [("cpupool-create", 'name="fast"', 'sched="credit"', 'cpus=["2", "3"]')]
