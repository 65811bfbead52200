"""Virtual CPUs, as xl 4.17 prints them."""

from __future__ import annotations

from xenia.engines.xen.vcpus import read_list
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
            Vcpu(1, VcpuState.OFFLINE, None, 0.0),
            Vcpu(2, VcpuState.READY, 2, 7.0, ()),
        ),
    }
