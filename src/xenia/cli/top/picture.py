"""What stands on the screen: lines of text, each with a style."""

from __future__ import annotations

import time

from xenia.cli.top import figures
from xenia.cli.top.columns import fitting, line, name_width
from xenia.cli.top.view import KEYS
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from xenia.cli.top.columns import Column
    from xenia.cli.top.sample import Row
    from xenia.cli.top.view import View

    Line = tuple[str, str]

PLAIN, TITLE, HEADING, BUSY, BAD, DIM = "plain", "title", "heading", "busy", "bad", "dim"
"""Styles: how a line looks where the terminal can show it. What matters is said by the text as well."""

_BUSY = 90.0
"""Percent of all that its virtual CPUs can run."""
_FOOTER = "Quit  Sort  Reverse  Vcpus  Networks  Blocks  Delay  ?help"
_AROUND = 6
"""Lines that are not of the table: three at the head, the message, the heading, the keys."""


def picture(answer: dict[str, Any], rows: Sequence[Row], view: View, width: int, height: int) -> list[Line]:
    """`height` lines of at most `width` characters. Brings `view.top` to where there is something to see."""
    columns = fitting(width)
    names = name_width(columns, rows, width)
    if view.help:
        body: list[Line] = [(f"  {keys:<32}{what}", PLAIN) for keys, what in KEYS]
    else:
        body = [each for row in view.sorted(rows) for each in _domain(row, columns, names, view)]
    room = max(0, height - _AROUND)
    view.top = max(0, min(view.top, len(body) - room))
    shown = body[view.top : view.top + room]
    lines = [
        *_head(answer, rows, view),
        (view.message, BAD if view.message else PLAIN),
        (line(columns, [column.title for column in columns], names), HEADING),
        *shown,
        *[("", PLAIN)] * (room - len(shown)),
        (_footer(view.top, len(shown), len(body)), DIM),
    ]
    return [(_cut(text, style, width), style) for text, style in lines[:height]]


def _cut(text: str, style: str, width: int) -> str:
    """The heading is as wide as the screen, for it is shown reversed."""
    return f"{text:<{width}}"[:width] if style == HEADING else text[:width].rstrip()


def _head(answer: dict[str, Any], rows: Sequence[Row], view: View) -> Iterator[Line]:
    host = answer["host"]
    order = f"by {view.sort.title}{', reversed' if view.reverse else ''}"
    yield f"xm top  {time.strftime('%H:%M:%S')}  {printable(host['name'])}, every {view.delay:g} s, {order}", TITLE
    yield f"{_counted(rows)}; CPUs: {host['cpus']} @ {host['cpu_mhz']} MHz", PLAIN
    given = sum(row["memory"] for row in rows if row["domid"])
    memory = figures.mebibytes
    yield (
        f"Memory: {memory(host['total_memory'])}, {memory(host['free_memory'])} free, {memory(given)} of the guests",
        PLAIN,
    )


def _counted(rows: Sequence[Row]) -> str:
    """`3 domains: 2 running, 1 paused`, of the states that there are."""
    states: dict[str, int] = {}
    for row in rows:
        state = "running" if row["state"] == "blocked" else row["state"]
        states[state] = states.get(state, 0) + 1
    told = ", ".join(f"{count} {state}" for state, count in states.items())
    return f"{len(rows)} domain{'' if len(rows) == 1 else 's'}: {told}"


def _footer(top: int, shown: int, whole: int) -> str:
    if shown == whole:
        return _FOOTER
    return f"{_FOOTER}  ({top + 1}-{top + shown} of {whole})"


def _domain(row: Row, columns: Sequence[Column], names: int, view: View) -> Iterator[Line]:
    yield line(columns, [column.show(row[column.key]) for column in columns], names), _style(row)
    if view.vcpus:
        yield from ((_vcpu(each), PLAIN) for each in row["vcpu_rows"])
    if view.vifs:
        yield from ((_vif(each), PLAIN) for each in row["vif_rows"])
        if row["uncounted"]:
            yield "  its cards are not counted: user-mode networking", DIM
    if view.disks:
        yield from ((_disk(each), BAD if each["total"]["errors"] else PLAIN) for each in row["disk_rows"])
        if row["mute"]:
            yield "  its disks are not counted: its QEMU does not answer", BAD


def _style(row: Row) -> str:
    if row["state"] in ("crashed", "dying"):
        return BAD
    if row["state"] in ("paused", "shutdown"):
        return DIM
    busy = row["domid"] and row["cpu"] is not None and row["cpu"] >= _BUSY * max(1, row["vcpus"])
    return BUSY if busy else PLAIN


def _vcpu(each: dict[str, Any]) -> str:
    vcpu = each["total"]
    runs, waits = (None if each[name] is None else 100 * each[name] for name in ("cpu_time", "wait"))
    state = "" if vcpu["state"] is None else f"  {vcpu['state']}"
    return (
        f"  vcpu {vcpu['number']:<3} runs {figures.percent(runs):>5} %  waits {figures.percent(waits):>5} %"
        f"  time {figures.duration(vcpu['cpu_time'])}{state}"
    )


def _vif(each: dict[str, Any]) -> str:
    vif = each["total"]
    return (
        f"  net {vif['number']} {printable(vif['interface']):<10}"
        f" rx {figures.amount(each['rx_bytes']):>5}/s {figures.amount(each['rx_packets']):>5} pkt/s"
        f"  tx {figures.amount(each['tx_bytes']):>5}/s {figures.amount(each['tx_packets']):>5} pkt/s"
        f"  dropped {vif['rx_dropped'] + vif['tx_dropped']}"
    )


def _disk(each: dict[str, Any]) -> str:
    disk = each["total"]
    read, written = figures.amount(each["read_bytes"]), figures.amount(each["write_bytes"])
    errors = f"  errors {disk['errors']}" if disk["errors"] else ""
    return (
        f"  disk {printable(disk['target']):<5} read {read:>5}/s {_requests(each, 'read')}"
        f"  write {written:>5}/s {_requests(each, 'write')}{errors}"
    )


def _requests(each: dict[str, Any], verb: str) -> str:
    """How many a second, and how long one took."""
    count, seconds = each[f"{verb}s"], each[f"{verb}_time"]
    took = f" of {1000 * seconds / count:.1f} ms" if count and seconds is not None else ""
    return f"{figures.amount(count):>4} req/s{took}"
