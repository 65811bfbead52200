"""In which order domains start with the host, and in which they are stopped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

LAST = 1 << 31
"""The number of those that have none: they start after all others."""


@dataclass(frozen=True, slots=True)
class StartOrder:
    """What a guest file says about it: the names of the domains that must run before it is started (`after`), the
    seconds that the next one waits once it was (`delay`), and the seconds that it is given to shut down with the host.
    """

    after: tuple[str, ...] = ()
    delay: int = 0
    stop_timeout: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A domain among those that start or stop together. `number` is that of its link in etc/xen/auto."""

    name: str
    number: int = LAST
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arranged:
    """`sequence` is the order in which they start. `circles` are those that wait for each other, which have no place
    in it.
    """

    sequence: tuple[Place, ...]
    circles: tuple[tuple[str, ...], ...]


def arrange(places: Iterable[Place]) -> Arranged:
    """Each time the first by number, then by name, of those that wait for nobody who is still to come.

    What waits has at least the number of what it waits for. Names that are not among `places` hold nobody up.
    """
    left = {place.name: place for place in sorted(places, key=lambda each: (each.number, each.name))}
    sequence: dict[str, Place] = {}
    circles = []
    while left:
        place = next((each for each in left.values() if not any(name in left for name in each.after)), None)
        if place is None:
            circle = _circle(left)
            circles.append(circle)
            for name in circle:
                del left[name]
            continue
        del left[place.name]
        number = max([place.number, *(sequence[name].number for name in place.after if name in sequence)])
        sequence[place.name] = replace(place, number=number)
    return Arranged(tuple(sequence.values()), tuple(circles))


def _circle(left: Mapping[str, Place]) -> tuple[str, ...]:
    """One of the circles, where each of `left` waits for another of them. It begins with its first name."""
    path: list[str] = []
    name = next(iter(left))
    while name not in path:
        path.append(name)
        name = next(each for each in left[name].after if each in left)
    circle = path[path.index(name) :]
    first = circle.index(min(circle))
    return tuple(circle[first:] + circle[:first])


def stop_batches(places: Iterable[Place]) -> Iterator[tuple[Place, ...]]:
    """Those that may be stopped side by side, batch after batch: the start in reverse. One goes after those that wait
    for it at the start, and after those of a higher number. What the members of a circle say of each other does not
    count.
    """
    known = {place.name: place for place in places}
    for circle in arrange(known.values()).circles:
        known |= {name: replace(known[name], after=()) for name in circle}
    left = arrange(known.values()).sequence
    while left:
        batch = tuple(each for each in left if not any(_goes_before(other, each) for other in left))
        yield batch
        left = tuple(each for each in left if each not in batch)


def _goes_before(one: Place, other: Place) -> bool:
    return other.name in one.after or one.number > other.number
