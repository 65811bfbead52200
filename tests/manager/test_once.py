"""What was begun is finished once, soon; and who begins very much hinders nobody."""

from __future__ import annotations

from xenia.manager.logins.once import Once


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_it_is_taken_once() -> None:
    once: Once[str] = Once(Clock(), 10, most=3, most_of_one=2)
    secret = once.give("a", "here")
    assert (once.take("x"), once.take(secret), once.take(secret)) == (None, "a", None)


def test_it_is_over_after_its_time() -> None:
    clock = Clock()
    once: Once[str] = Once(clock, 10, most=3, most_of_one=2)
    secrets = [once.give(value, "here") for value in "ab"]
    clock.now += 9.9
    assert once.take(secrets[0]) == "a"
    clock.now += 0.1
    assert once.take(secrets[1]) is None


def test_the_oldest_of_one_address_goes_for_its_next() -> None:
    once: Once[str] = Once(Clock(), 10, most=10, most_of_one=2)
    other = once.give("other", "there")
    secrets = [once.give(value, "here") for value in "abcd"]
    assert [once.take(secret) for secret in (other, *secrets)] == ["other", None, None, "c", "d"]


def test_the_oldest_of_all_goes_where_there_are_too_many() -> None:
    once: Once[str] = Once(Clock(), 10, most=2, most_of_one=2)
    secrets = [once.give(value, value) for value in "abc"]
    assert [once.take(secret) for secret in secrets] == [None, "b", "c"]
