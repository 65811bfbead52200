"""docs/reference/xen-verbs.md: what the walks find."""

from __future__ import annotations

from tests.live.xenlab.recipe import CHECKOUT
from tests.support.verb_table import VerbTable

_HEADING = """\
# The verbs of xm on Xen

This table is made by tests/live/xen/walk from what it finds on a real Xen host, and checked by it (the PVH guest's
column by `./check --full` alone). Do not write in it: `XENIA_WRITE_DOCS=1 ./check --full --only xen` does.

The PV and the PVH guest are a small Linux. The HVM guest is a boot sector: it has no operating system, no drivers and
no ear for ACPI, which shows what works on any guest at all. What is asked of the host, such as `xm info`, is not here.

"""

_LEGEND = """
- **yes**: it does what it says.
- **nothing told**: it has no agent, and none of Xen's drivers.
- **new id**: Xen starts nothing over in place: the domain is made anew with the next id, and keeps its UUID.
- **untried**: it asks the guest's drivers, and this guest has none.
- **says: sched-credit2**: Xen has one scheduler at a time, by default credit2; the other word says which it is.
- **no drive**: the CD-ROM drives of PV and PVH guests are plain disks.
- **asked by ACPI**: a guest without Xen's drivers gets its power button pressed. This one does not listen and stays
  as it is; `xm destroy` ends it.
"""

TABLE = VerbTable(CHECKOUT / "docs/reference/xen-verbs.md", _HEADING, _LEGEND)
