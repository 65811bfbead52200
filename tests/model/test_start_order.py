"""In which order domains start and stop."""

from __future__ import annotations

import random

import pytest

from xenia.model.start_order import LAST, Arranged, Place, arrange, stop_batches


def names(arranged: Arranged) -> list[str]:
    return [place.name for place in arranged.sequence]


def batches(*places: Place) -> list[list[str]]:
    return [[place.name for place in batch] for batch in stop_batches(places)]


def test_by_number_then_by_name() -> None:
    places = [Place("z", 10), Place("b"), Place("a"), Place("m", 20), Place("n", 20)]
    assert names(arrange(places)) == ["z", "m", "n", "a", "b"]
    assert batches(*places) == [["a", "b"], ["m", "n"], ["z"]]


def test_what_must_wait_comes_later_whatever_its_number() -> None:
    places = [Place("web", 10, ("db",)), Place("db", 30), Place("dns", 20)]
    assert names(arrange(places)) == ["dns", "db", "web"]
    assert batches(*places) == [["web"], ["db"], ["dns"]]


def test_a_chain_stops_link_by_link_and_the_rest_side_by_side() -> None:
    places = [
        Place("db"),
        Place("web", LAST, ("db",)),
        Place("front", LAST, ("web", "db")),
        Place("mail", LAST, ("db",)),
    ]
    assert names(arrange(places)) == ["db", "mail", "web", "front"]
    assert batches(*places) == [["mail", "front"], ["web"], ["db"]]


def test_those_that_are_not_there_hold_nobody_up() -> None:
    assert names(arrange([Place("web", after=("nobody",))])) == ["web"]


def test_a_circle_is_told_with_its_members_and_the_rest_has_its_place() -> None:
    places = [
        Place("c", after=("b",)),
        Place("a", after=("c",)),
        Place("b", after=("a",)),
        Place("behind", after=("a",)),
        Place("free"),
    ]
    arranged = arrange(places)
    assert arranged.circles == (("a", "c", "b"),)
    assert names(arranged) == ["free", "behind"]
    assert batches(*places) == [["b", "behind", "c", "free"], ["a"]]


def test_one_that_waits_for_itself_is_a_circle_of_one() -> None:
    assert arrange([Place("a", after=("a",))]).circles == (("a",),)
    assert batches(Place("a", after=("a",))) == [["a"]]


def test_two_circles_are_two() -> None:
    places = [Place(one, after=(other,)) for one, other in ("ab", "ba", "cd", "dc")]
    assert arrange(places).circles == (("a", "b"), ("c", "d"))


def test_a_long_chain_is_no_trouble() -> None:
    chain = [Place("0"), *(Place(str(n), after=(str(n - 1),)) for n in range(1, 1200))]
    assert len(arrange(reversed(chain)).sequence) == 1200


@pytest.mark.parametrize("seed", range(200))
def test_whatever_depends_on_whatever(seed: int) -> None:
    """Nobody is lost, none starts before what it waits for, none stops after it; circles are real ones."""
    dice = random.Random(seed)  # noqa: S311  # the same cases every time
    all_names = [f"g{n}" for n in range(dice.randint(1, 12))]
    places = [
        Place(name, dice.choice([1, 2, LAST]), tuple(dice.sample(all_names, dice.randint(0, min(2, len(all_names))))))
        for name in all_names
    ]
    by_name = {place.name: place for place in places}
    arranged = arrange(places)
    in_circles = [name for circle in arranged.circles for name in circle]
    assert sorted(names(arranged) + in_circles) == sorted(all_names)
    for circle in arranged.circles:
        assert all(after in by_name[name].after for name, after in zip(circle, [*circle[1:], circle[0]], strict=True))
    started: set[str] = set()
    for name in names(arranged):
        assert started | set(in_circles) >= set(by_name[name].after)
        started.add(name)
    gone: set[str] = set()
    for batch in stop_batches(places):
        for place in batch:
            waiting = {other.name for other in places if place.name in other.after and other.name != place.name}
            assert waiting <= gone | set(in_circles) or place.name in in_circles
        gone |= {place.name for place in batch}
    assert gone == set(all_names)
