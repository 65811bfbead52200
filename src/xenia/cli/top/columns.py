"""The columns of xm top, and which of them a terminal has room for."""

from __future__ import annotations

from xenia.cli.top import figures
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from xenia.cli.top.sample import Row

_SHORTEST_NAME = 10


class Column:
    """`key` is the member of a row, `rank` its place among those that are left out last. Sorted by it, the largest
    figure comes first, and names in the order of the alphabet.
    """

    __slots__ = ("key", "rank", "show", "title", "width")

    def __init__(self, title: str, key: str, rank: int, width: int, show: Callable[[Any], str]) -> None:
        self.title = title
        self.key = key
        self.rank = rank
        self.width = width
        self.show = show

    def sort_key(self, row: Row) -> Any:
        """What is not known is less than anything known. Equals stay in the order of their ids."""
        value = row[self.key]
        domid = row["domid"] or 0
        if isinstance(value, str):
            return (value, domid)
        return (value is None, -(value or 0), domid)


NAME = Column("NAME", "name", 0, _SHORTEST_NAME, printable)

COLUMNS = (
    NAME,
    Column("ID", "domid", 9, 4, figures.whole),
    Column("STATE", "letters", 2, 6, str),
    Column("VCPUS", "vcpus", 11, 5, figures.whole),
    Column("CPU%", "cpu", 1, 6, figures.percent),
    Column("WAIT%", "wait", 8, 6, figures.percent),
    Column("TIME", "cpu_time", 12, 9, figures.duration),
    Column("MEM", "memory", 3, 5, figures.mebibytes),
    Column("MEM%", "mem_share", 14, 5, figures.percent),
    Column("MAXMEM", "max_memory", 15, 6, figures.mebibytes),
    Column("READ/s", "read", 4, 6, figures.amount),
    Column("WRITE/s", "write", 5, 7, figures.amount),
    Column("READS/s", "reads", 16, 7, figures.amount),
    Column("WRITES/s", "writes", 17, 8, figures.amount),
    Column("ERRORS", "errors", 20, 6, figures.amount),
    Column("RX/s", "rx", 6, 5, figures.amount),
    Column("TX/s", "tx", 7, 5, figures.amount),
    Column("RXPKT/s", "rx_packets", 18, 7, figures.amount),
    Column("TXPKT/s", "tx_packets", 19, 7, figures.amount),
    Column("DROPPED", "dropped", 21, 7, figures.amount),
    Column("UPTIME", "uptime", 13, 9, figures.duration),
)


def fitting(width: int) -> list[Column]:
    """As many columns as stand side by side in `width`, in their order."""
    chosen: list[Column] = []
    room = width
    for column in sorted(COLUMNS, key=lambda column: column.rank):
        if room < column.width and chosen:
            break
        chosen.append(column)
        room -= column.width + 1
    return [column for column in COLUMNS if column in chosen]


def name_width(columns: Sequence[Column], rows: Sequence[Row], width: int) -> int:
    """How wide the names may be: what the other columns leave, but no more than the longest needs."""
    others = sum(column.width + 1 for column in columns if column is not NAME)
    longest = max((len(printable(row["name"])) for row in rows), default=0)
    return max(min(_SHORTEST_NAME, width), min(longest, width - others))


def line(columns: Sequence[Column], cells: Sequence[str], names: int) -> str:
    """Names to the left, figures to the right; a name that is too long ends in a plus sign."""
    parts = []
    for column, cell in zip(columns, cells, strict=True):
        if column is NAME:
            parts.append(f"{cell if len(cell) <= names else cell[: names - 1] + '+':<{names}}")
        else:
            parts.append(f"{cell:>{column.width}}")
    return " ".join(parts)
