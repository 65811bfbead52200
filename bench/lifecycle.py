"""create, destroy, list and memory of xend with 1 to 100 domains, beside bare QEMU and libvirt."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from _floor import BareQemu
from _libvirt import Libvirt
from _table import Row, interleaved, main, median_ms
from _xend import create, destroy, names, resident_mib, xend

from xenia.client.http import Client

MANY = 100


def guest(name: str) -> str:
    """A small guest with firmware; the peer's has the same devices."""
    return f'name = "{name}"\nbuilder = "hvm"\nmemory = 32\nvif = [""]\nvnc = 0\n'


def bench(options: argparse.Namespace) -> list[Row]:
    with xend() as (client, _root, pid):
        create(client, guest("floor"), paused=True)
        floor = BareQemu(_pid_of("floor"))
        peer = Libvirt.start() if options.with_peers else None
        try:
            rows = _few(client, floor, peer, options.rounds)
            rows += _many(client, floor, pid, options.rounds, rows[0])
        finally:
            if peer is not None:
                peer.close()
    return rows


def _few(client: Client, floor: BareQemu, peer: Libvirt | None, rounds: int) -> list[Row]:
    destroyed: list[float] = []

    def ours() -> float:
        seconds = create(client, guest("one"), paused=True)
        destroyed.append(destroy(client, "one"))
        return seconds

    measures = [ours, floor.measure, *([peer.create] if peer else [])]
    results = [median_ms(result) for result in interleaved(rounds, *measures)]
    created, bare = results[:2]
    rows = [
        Row("create, paused", "ms", created, bare, "bare exec", "at most 25 ms over", created - bare <= 25),
    ]
    if peer is not None:
        theirs, ended, gone = results[2], median_ms(destroyed[1:]), median_ms(peer.destroyed[1:])
        rows += [
            Row("create, paused", "ms", created, theirs, "libvirt", "5 times faster", theirs >= 5 * created),
            Row("destroy", "ms", ended, gone, "libvirt", "8 times faster", gone >= 8 * ended),
        ]
    return rows


def _many(client: Client, floor: BareQemu, pid: int, rounds: int, alone: Row) -> list[Row]:
    before, there = resident_mib(pid), len(names(client))
    for number in range(MANY - there):
        create(client, guest(f"many{number}"), paused=True)
    after = resident_mib(pid)

    def ours() -> float:
        seconds = create(client, guest("one"), paused=True)
        destroy(client, "one")
        return seconds

    crowded, bare = (median_ms(result) for result in interleaved(rounds, ours, floor.measure))
    listed = [_list(client) for _ in range(rounds)]
    each = (after - before) / (MANY - there)
    beside = Row(
        f"create, paused, beside {MANY}", "ms", crowded, bare, "bare exec", "at most 25 ms over", crowded - bare <= 25
    )
    growth = (beside.ratio or 0) / (alone.ratio or 1)
    return [
        beside,
        Row("its ratio beside 100 to that alone", "", growth, goal="flat within 15 %", ok=growth <= 1.15),
        Row(f"list of {MANY}, API", "ms", median_ms(listed), goal="under 5 ms", ok=median_ms(listed) < 5),
        Row("xend, resident", "MiB", before, goal="under 80 MiB", ok=before < 80),
        Row(f"xend, resident, {MANY} domains", "MiB", after),
        Row("a domain more, in xend", "MiB", each, goal="under 0.5 MiB", ok=each < 0.5),
    ]


def _list(client: Client) -> float:
    begun = time.perf_counter()
    client.get("/domains")
    return time.perf_counter() - begun


def _pid_of(name: str) -> int:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if b"qemu" in words and f"guest={name}".encode() in words:
            return int(process.name)
    raise SystemExit(f"no QEMU of {name}")


if __name__ == "__main__":
    main(bench, __doc__ or "")
