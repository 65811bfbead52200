"""What the user has chosen to see, and what each key changes of it."""

from __future__ import annotations

from xenia.cli.top.columns import COLUMNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from xenia.cli.top.columns import Column
    from xenia.cli.top.sample import Row

KEYS = (
    ("S, >, <", "sort by the next column, or the one before"),
    ("P, M, T", "sort by CPU, by memory, by CPU time"),
    ("R", "the other way round"),
    ("V", "show virtual CPUs"),
    ("N", "show network cards"),
    ("B", "show disks"),
    ("D", "change the delay"),
    ("arrows, PgUp, PgDn, Home, End", "move through the domains"),
    ("blank", "look again at once"),
    ("?, H", "this help"),
    ("Q", "quit"),
)


class View:
    """`top` is the first line of the table that is shown; `message` stands where the user looks until the next look."""

    __slots__ = ("delay", "disks", "help", "message", "reverse", "sort", "top", "vcpus", "vifs")

    def __init__(self, delay: float, *, vcpus: bool = False, vifs: bool = False, disks: bool = False) -> None:
        self.delay = delay
        self.vcpus = vcpus
        self.vifs = vifs
        self.disks = disks
        self.sort = _column("cpu")
        self.reverse = False
        self.top = 0
        self.help = False
        self.message = ""

    def sorted(self, rows: Sequence[Row]) -> list[Row]:
        return sorted(rows, key=self.sort.sort_key, reverse=self.reverse)

    def press(self, key: str) -> bool:
        """Do what a letter asks for; whether it was one that is known. The help goes away with any key."""
        key = key.lower()
        if self.help:
            self.help = False
            return True
        if key in _SORTS:
            self._sort_by(_column(_SORTS[key]))
        elif key in _STEPS:
            here = COLUMNS.index(self.sort)
            self._sort_by(COLUMNS[(here + _STEPS[key]) % len(COLUMNS)])
        elif key == "r":
            self.reverse = not self.reverse
        elif key in _SWITCHES:
            setattr(self, _SWITCHES[key], not getattr(self, _SWITCHES[key]))
        else:
            return False
        return True

    def _sort_by(self, column: Column) -> None:
        self.sort, self.reverse, self.top = column, False, 0


_SORTS = {"p": "cpu", "m": "memory", "t": "cpu_time"}
_STEPS = {"s": 1, ">": 1, "<": -1}
_SWITCHES = {"v": "vcpus", "n": "vifs", "b": "disks", "?": "help", "h": "help"}


def _column(key: str) -> Column:
    return next(column for column in COLUMNS if column.key == key)
