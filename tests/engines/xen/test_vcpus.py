"""Virtual CPUs, as xl 4.17 prints them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from xenia.engines.xen import vcpus
from xenia.engines.xen.vcpus import read_list, set_online
from xenia.model.errors import XeniaError
from xenia.model.vcpu import Vcpu, VcpuState

PRINTED = """\
Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)
Domain-0                             0     0    0   r--      10.2  all / all
web                                  3     0    1   -b-       0.5  0-1,3 / all
web                                  3     1    -   --p       0.0  all / 2
web                                  3     2    2   ---       7.0  none / all
"""


def test_the_list_is_read() -> None:
    assert read_list(PRINTED, 4) == {
        0: (Vcpu(0, VcpuState.RUNNING, 0, 10.2),),
        3: (
            Vcpu(0, VcpuState.BLOCKED, 1, 0.5, (0, 1, 3)),
            Vcpu(1, VcpuState.OFFLINE, None, 0.0, None, (2,)),
            Vcpu(2, VcpuState.READY, 2, 7.0, ()),
        ),
    }


class Host:
    """Both the hypervisor and xl; the guest switches one CPU each time that somebody looks, or is `deaf`."""

    def __init__(self, online: int, *, deaf: bool = False) -> None:
        self.online = self.wanted = online
        self.deaf = deaf
        self.said: tuple[str, ...] = ()

    async def domains(self) -> list[Any]:
        if not self.deaf:
            self.online += (self.wanted > self.online) - (self.wanted < self.online)
        return [SimpleNamespace(domid=3, online_vcpus=self.online)]

    async def run(self, *words: str) -> str:
        self.said = words
        self.wanted = int(words[-1])
        return ""


async def test_a_guest_is_waited_for_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vcpus, "_LOOK_AGAIN", 0.0)
    host: Any = Host(1)
    assert await set_online(3, 3, host, host) == 3
    assert host.said == ("vcpu-set", "--ignore-host", "3", "3")
    monkeypatch.setattr(vcpus, "_ONLINE_SECONDS", 0.05)
    host = Host(2, deaf=True)
    assert await set_online(3, 1, host, host) == 2
    with pytest.raises(XeniaError, match="no such domain"):
        await set_online(4, 1, host, host)
