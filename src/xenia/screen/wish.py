"""What a guest asks of the door to its screen."""

from __future__ import annotations

from dataclasses import dataclass

from xenia.model.display import Display


@dataclass(frozen=True, slots=True)
class Wish:
    """A guest called `name` that runs, with VNC that its engine does not open itself."""

    name: str
    domid: int
    display: Display


def numbers_of(wish: Wish, last: int = 99) -> range:
    """The displays to try, in this order: the one wished for alone, where it may not move on; without any wish that of
    the domain id then, as xm had it.
    """
    display = wish.display
    first = display.vnc_display if display.vnc_display is not None else 0 if display.vnc_unused else wish.domid
    return range(first, max(first, last) + 1 if display.vnc_unused else first + 1)
