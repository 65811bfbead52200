"""docs/reference/xen-verbs.md: verb, kind, what is true. Each kind's walk checks its column."""

from __future__ import annotations

import fcntl
import os

from tests.live.xen.walk.kinds import KINDS
from tests.live.xenlab.recipe import CHECKOUT

_FILE = CHECKOUT / "docs/reference/xen-verbs.md"

_HEADING = """\
# The verbs of xm on Xen

This table is made by tests/live/xen/walk from what it finds on a real Xen host, and checked by it. Do not write in it:
`XENIA_WRITE_DOCS=1 ./check --only xen` does.

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


def check(kind: str, found: dict[str, str]) -> None:
    """That the column of this kind tells what was found; with XENIA_WRITE_DOCS=1 it is written before."""
    if os.environ.get("XENIA_WRITE_DOCS"):
        _write(kind, found)
    told = {verb: row[kind] for verb, row in _read(_FILE.read_text()).items() if row[kind]}
    assert found == told, f"{_FILE.name} says otherwise of {kind} (XENIA_WRITE_DOCS=1 writes it)"


def _write(kind: str, found: dict[str, str]) -> None:
    """Two kinds may be written at once: what is read stays as it is until it is written."""
    with open(_FILE, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        table = _read(file.read())
        for verb in found:
            table.setdefault(verb, dict.fromkeys(KINDS, ""))
        for verb, row in table.items():
            row[kind] = found.get(verb, "")
        file.seek(0)
        file.truncate()
        file.write(_text({verb: row for verb, row in table.items() if any(row.values())}))


def _read(text: str) -> dict[str, dict[str, str]]:
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")]
    return {verb.strip("`"): dict(zip(KINDS, words, strict=True)) for verb, *words in lines}


def _text(table: dict[str, dict[str, str]]) -> str:
    rows = [["xm", *(kind.upper() for kind in KINDS)], ["---"] * (1 + len(KINDS))]
    rows += [[f"`{verb}`", *(row[kind] for kind in KINDS)] for verb, row in table.items()]
    return _HEADING + "".join(f"| {' | '.join(row)} |\n" for row in rows) + _LEGEND
