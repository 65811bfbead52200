"""Shares of CPU time, as xl 4.17 prints them."""

from __future__ import annotations

from typing import Any

import pytest

from xenia.engines.xen.scheduling import read_list, read_shares, set_share
from xenia.model.scheduling import Share

CREDIT2 = """\
Cpupool Pool-0: ratelimit=1000us
Name                                ID Weight  Cap
Domain-0                             0    256    0
a name with 7 8                      3    512   50
"""
CREDIT = """\
Cpupool old: tslice=30ms ratelimit=1000us migration-delay=0us
Name                                ID Weight  Cap
web                                  4    100    0
"""


class Xl:
    def __init__(self) -> None:
        self.said: list[tuple[str, ...]] = []

    async def run(self, *words: str) -> str:
        self.said.append(words)
        return {"sched-credit2": CREDIT2, "sched-credit": CREDIT}[words[0]]


def test_the_list_is_read() -> None:
    assert read_list(CREDIT2, "credit2") == {0: Share("credit2", 256, 0), 3: Share("credit2", 512, 50)}


@pytest.mark.parametrize("text", ["", "Name ID Weight Cap", "x 1 2", "web 3 - -"])
def test_what_is_no_list_has_no_domains(text: str) -> None:
    assert read_list(text, "credit") == {}


async def test_each_scheduler_tells_of_its_own_and_is_told() -> None:
    xl: Any = Xl()
    assert {domid: share.scheduler for domid, share in (await read_shares(xl)).items()} == {
        0: "credit2",
        3: "credit2",
        4: "credit",
    }
    await set_share(4, Share("credit", 512, 50), xl)
    assert xl.said[-1] == ("sched-credit", "-d", "4", "-w", "512", "-c", "50")
