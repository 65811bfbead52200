"""The machine, as xl info -n prints it (4.17)."""

from xenia.engines.xen.topology import read_topology
from xenia.model.topology import CpuPlace, NumaNode, Topology

PRINTED = """\
host                   : lab
nr_cpus                : 2
cpu_topology           :
cpu:    core    socket     node
  0:       0        0        0
  1:       1        0        -
device topology        :
device           node
No device topology data available
numa_info              :
node:    memsize    memfree    distances
   0:      1024        512      10,21
xend_config_format     : 4
"""


def test_the_tables_are_read() -> None:
    assert read_topology(PRINTED) == Topology(
        (CpuPlace(0, 0, 0, 0), CpuPlace(1, 1, 0, None)), (NumaNode(0, 1024, 512, (10, 21)),)
    )
    assert read_topology("") == Topology()
