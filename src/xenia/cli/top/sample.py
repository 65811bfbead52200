"""Two answers of `GET /stats` as rows: what each domain does now."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Row = dict[str, Any]
    Answer = dict[str, Any]


def rows_of(now: Answer, before: Answer | None) -> list[Row]:
    """One row a domain, by domain id. What is not known is None: so is every rate where there is no answer `before`, or
    the domain has been started since.

    `cpu` and `wait` are percent of one CPU of the host, `mem_share` percent of its memory; `read`, `write`, `rx`, `tx`
    bytes a second, `reads`, `writes`, `rx_packets`, `tx_packets` requests and packets a second. `vcpu_rows`,
    `disk_rows` and `vif_rows` hold the same of each; `total` has what was counted since the start. `mute`: its QEMU is
    silent; `uncounted`: nobody counts its cards. Of Domain-0's own disks and cards nothing is known.
    """
    earlier = {each["domain"]["uuid"]: each for each in before["domains"]} if before is not None else {}
    seconds = now["at"] - before["at"] if before is not None else 0.0
    clock, memory = time.time(), now["host"]["total_memory"]
    return [_row(each, earlier.get(each["domain"]["uuid"]), seconds, clock, memory) for each in now["domains"]]


def _row(now: Any, before: Any, seconds: float, clock: float, memory: int) -> Row:
    domain, stats = now["domain"], now["stats"]
    known = before is not None and seconds > 0 and before["domain"]["domid"] == domain["domid"]
    earlier = before["stats"] if known else {"vcpus": [], "disks": [], "vifs": []}
    vcpus = _each(stats["vcpus"], earlier["vcpus"], "number", ("cpu_time", "wait"), seconds)
    disks = _each(
        stats["disks"] or [],
        earlier["disks"] or [],
        "target",
        ("read_bytes", "write_bytes", "reads", "writes", "read_time", "write_time"),
        seconds,
    )
    rates = ("rx_bytes", "tx_bytes", "rx_packets", "tx_packets")
    vifs = _each(stats["vifs"], earlier["vifs"], "number", rates, seconds)
    mute, uncounted = stats["disks"] is None, bool(domain["vifs"]) and not vifs
    no_disks, no_vifs = mute or not domain["domid"], uncounted or not domain["domid"]
    used = domain["cpu_time"] - before["domain"]["cpu_time"] if known else -1.0
    return {
        "name": domain["name"],
        "domid": domain["domid"],
        "state": domain["state"],
        "letters": domain["letters"],
        "vcpus": domain["vcpus"],
        "cpu_time": domain["cpu_time"],
        "cpu": 100 * used / seconds if used >= 0 else None,
        "wait": _percent(_sum(vcpus, "wait")) if vcpus else None,
        "memory": domain["memory"],
        "max_memory": domain["max_memory"],
        "mem_share": 100 * domain["memory"] / memory if memory else None,
        "uptime": None if domain["started_at"] is None else max(0.0, clock - domain["started_at"]),
        "read": None if no_disks else _sum(disks, "read_bytes"),
        "write": None if no_disks else _sum(disks, "write_bytes"),
        "reads": None if no_disks else _sum(disks, "reads"),
        "writes": None if no_disks else _sum(disks, "writes"),
        "errors": None if no_disks else sum(disk["total"]["errors"] for disk in disks),
        "rx": None if no_vifs else _sum(vifs, "rx_bytes"),
        "tx": None if no_vifs else _sum(vifs, "tx_bytes"),
        "rx_packets": None if no_vifs else _sum(vifs, "rx_packets"),
        "tx_packets": None if no_vifs else _sum(vifs, "tx_packets"),
        "dropped": None if no_vifs else sum(vif["total"]["rx_dropped"] + vif["total"]["tx_dropped"] for vif in vifs),
        "vcpu_rows": vcpus,
        "disk_rows": disks,
        "vif_rows": vifs,
        "mute": mute,
        "uncounted": uncounted,
    }


def _each(now: list[Row], before: list[Row], key: str, counters: tuple[str, ...], seconds: float) -> list[Row]:
    """Of each member of `now` the rates of its counters, with the whole of it as `total`."""
    earlier = {each[key]: each for each in before}
    return [
        {"total": each} | {name: _rate(each[name], earlier.get(each[key], {}).get(name), seconds) for name in counters}
        for each in now
    ]


def _rate(now: float | None, before: float | None, seconds: float) -> float | None:
    """None where it cannot be told: the counter is new, or has begun anew."""
    if now is None or before is None or now < before or seconds <= 0:
        return None
    return (now - before) / seconds


def _sum(rows: list[Row], name: str) -> float | None:
    """0 where there are none; None where none of them is known."""
    known = [row[name] for row in rows if row[name] is not None]
    return sum(known) if known or not rows else None


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
