"""What an agent tells, as lines for a terminal. All of it is a guest's: nothing in it acts on the terminal."""

from __future__ import annotations

import time

from xenia.cli.output import table
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def described(told: dict[str, Any]) -> list[str]:
    frozen = {True: "frozen", False: "not frozen", None: ""}[told["frozen"]]
    facts = (
        ("agent", f"{told['agent']} {told['version']}".strip()),
        ("system", told["os"]),
        ("kernel", told["kernel"]),
        ("host name", told["host_name"]),
        ("clock", "" if told["time_offset"] is None else clock(told["time_offset"])),
        ("file systems", frozen),
    )
    lines = [f"{name:<12} : {printable(value)}" for name, value in facts if value]
    for heading, rows in (
        ("interfaces", addresses(told["interfaces"] or [])),
        ("file systems", _filesystems(told["filesystems"] or [])),
        ("users", _users(told["users"] or [])),
    ):
        if rows:
            lines += ["", f"{heading}:", *(f"  {row}" for row in rows)]
    return lines


def addresses(interfaces: list[dict[str, Any]]) -> list[str]:
    """A line for each interface; no cell is empty, so that scripts can split a line at blanks."""
    rows = [
        (
            "-" if each["vif"] is None else str(each["vif"]),
            printable(each["name"]).replace(" ", "_") or "-",
            printable(each["mac"]).replace(" ", "_") or "-",
            " ".join(map(printable, each["addresses"])) or "-",
        )
        for each in interfaces
    ]
    return _lines(("Vif", "Name", "MAC", "Addresses"), rows)


def clock(offset: float | None) -> str:
    if offset is None:
        return "the agent does not tell the time"
    if abs(offset) < 0.05:
        return "as the host's"
    return f"{abs(offset):.3g} s {'ahead of' if offset > 0 else 'behind'} the host's"


def _filesystems(found: list[dict[str, Any]]) -> list[str]:
    rows = [
        (printable(each["mountpoint"]), printable(each["type"]), _mib(each["size"]), _mib(each["used"]))
        for each in found
    ]
    return _lines(("Mounted at", "Type", "Size", "Used"), rows)


def _mib(size: int | None) -> str:
    return "-" if size is None else f"{size >> 20} MiB"


def _users(found: list[dict[str, Any]]) -> list[str]:
    return [f"{printable(each['name'])}{_since(each['since'])}" for each in found]


def _since(seconds: float | None) -> str:
    """By the guest's clock, which may be out of all bounds."""
    try:
        return "" if seconds is None else time.strftime("  since %Y-%m-%d %H:%M", time.localtime(seconds))
    except (OverflowError, OSError, ValueError):
        return ""


def _lines(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    return table([header, *rows]).splitlines() if rows else []
