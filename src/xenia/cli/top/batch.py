"""The table of xentop -b, for the programs that read it (xentop.c: the fields and their widths)."""

from __future__ import annotations

import time

from xenia.cli.top.sample import rows_of
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator
    from typing import Any

    from xenia.cli.top.sample import Row
    from xenia.client.http import Client

_SECTOR = 512
_HEADER = (
    "      NAME  STATE   CPU(sec) CPU(%)     MEM(k) MEM(%)  MAXMEM(k) MAXMEM(%) VCPUS NETS NETTX(k) NETRX(k) VBDS"
    "   VBD_OO   VBD_RD   VBD_WR  VBD_RSECT  VBD_WSECT SSID"
)
_STATES = {
    "dying": "d-----",
    "shutdown": "-s----",
    "blocked": "--b---",
    "crashed": "---c--",
    "paused": "----p-",
    "starting": "----p-",
    "running": "-----r",
}


def run(client: Client, options: Namespace) -> int:
    """Print a table every `options.delay` seconds. Raises ClientError."""
    before, count = None, 0
    while True:
        began = time.monotonic()
        answer = client.get("/stats")
        host = answer["host"]
        print(_HEADER)
        for row in rows_of(answer, before):
            print("\n".join(_lines(row, host, options)), flush=True)
        before, count = answer, count + 1
        if count == options.iterations:
            return 0
        time.sleep(max(0.0, options.delay - (time.monotonic() - began)))


def _lines(row: Row, host: dict[str, Any], options: Namespace) -> Iterator[str]:
    memory, most, whole = row["memory"], row["max_memory"], host["total_memory"] or 1
    limit = f"{most * 1024:>10} {100 * most / whole:>9.1f}" if row["domid"] else f"{'no limit':>10} {'n/a':>9}"
    vifs, disks = ([each["total"] for each in row[rows]] for rows in ("vif_rows", "disk_rows"))
    yield (
        f"{printable(row['name']):>10} {_STATES[row['state']]} {int(row['cpu_time']):>10} {_cpu(row):>6.1f}"
        f" {memory * 1024:>10} {100 * memory / whole:>6.1f} {limit} {row['vcpus']:>5} {len(vifs):>4}"
        f" {_sum(vifs, 'tx_bytes') >> 10:>8} {_sum(vifs, 'rx_bytes') >> 10:>8} {len(disks):>4} {0:>8}"
        f" {_sum(disks, 'reads'):>8} {_sum(disks, 'writes'):>8} {_sum(disks, 'read_bytes') // _SECTOR:>10}"
        f" {_sum(disks, 'write_bytes') // _SECTOR:>10} {0:>4}"
    )
    if options.vcpus and row["vcpu_rows"]:
        times = (f" {each['total']['number']:>2}: {int(each['total']['cpu_time']):>10}s" for each in row["vcpu_rows"])
        yield "VCPUs(sec): " + "".join(times)
    if options.networks:
        for vif in vifs:
            received, sent = (_traffic(vif, way) for way in ("rx", "tx"))
            yield f"Net{vif['number']} RX: {received}  TX: {sent}"
    if options.vbds:
        for disk in disks:
            yield (
                f"VBD {printable(disk['target'])}  OO: {0:>8}   RD: {disk['reads']:>8}   WR: {disk['writes']:>8}"
                f"   RSECT: {disk['read_bytes'] // _SECTOR:>10}   WSECT: {disk['write_bytes'] // _SECTOR:>10}"
            )


def _cpu(row: Row) -> float:
    """In the first table what it used on average since its start, as top has it: there is nothing to compare with."""
    if row["cpu"] is not None:
        return float(row["cpu"])
    return float(100 * row["cpu_time"] / row["uptime"]) if row["uptime"] else 0.0


def _sum(rows: list[dict[str, Any]], name: str) -> int:
    return sum(row[name] for row in rows)


def _traffic(vif: dict[str, Any], way: str) -> str:
    return f"{vif[f'{way}_bytes']:>8}bytes {vif[f'{way}_packets']:>8}pkts {0:>8}err {vif[f'{way}_dropped']:>8}drop"
