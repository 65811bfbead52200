"""Answers of `GET /stats` in which domains have counted on."""

from __future__ import annotations

from typing import Any

from tests.cli.fake_xend import DOMAIN_0, domain

HOST = {"name": "host1", "cpus": 4, "cpu_mhz": 2800, "total_memory": 16384, "free_memory": 8192}


def vcpu(number: int, cpu_time: float, wait: float | None = 0.0, state: str | None = None) -> dict[str, Any]:
    return {"number": number, "cpu_time": cpu_time, "wait": wait, "state": state}


def disk(target: str = "xvda", **counted: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("read_bytes", "write_bytes", "reads", "writes", "errors"), 0)
    return {"target": target, **nothing, "read_time": 0.0, "write_time": 0.0, **counted}


def vif(number: int = 0, interface: str = "vif3.0", **counted: Any) -> dict[str, Any]:
    names = ("rx_bytes", "tx_bytes", "rx_packets", "tx_packets", "rx_dropped", "tx_dropped")
    return {"number": number, "interface": interface, **dict.fromkeys(names, 0), **counted}


def counted(
    name: str = "web",
    domid: int | None = 3,
    *,
    vcpus: list[Any] | None = None,
    disks: list[Any] | None = (),  # type: ignore[assignment]
    vifs: list[Any] | None = None,
    **others: Any,
) -> dict[str, Any]:
    """A member of `domains`."""
    row = domain(name, domid, **{"uuid": f"uuid of {name}", **others})
    stats = {"vcpus": vcpus or [], "disks": None if disks is None else list(disks), "vifs": vifs or []}
    return {"domain": row, "stats": stats}


def answer(at: float, *domains: dict[str, Any]) -> dict[str, Any]:
    nothing: dict[str, Any] = {"vcpus": [], "disks": [], "vifs": []}
    return {"at": at, "host": HOST, "domains": [{"domain": DOMAIN_0, "stats": nothing}, *domains]}


def working(look: float, count: int = 1) -> dict[str, Any]:
    """The answer to look number `look`, one a second, of `count` domains: the first uses 90 % of a CPU, the second 89
    %, and so on.
    """
    return answer(
        float(look),
        *(
            counted(
                f"web{number:02}",
                number,
                vcpus=[vcpu(0, look * (91 - number) / 100, look * 0.05)],
                disks=[disk(read_bytes=look * 1048576, reads=look * 100, read_time=look * 0.25)],
                vifs=[vif(tx_bytes=look * 2048, tx_packets=look * 2)],
                cpu_time=look * (91 - number) / 100,
                started_at=1.0,
            )
            for number in range(1, count + 1)
        ),
    )
