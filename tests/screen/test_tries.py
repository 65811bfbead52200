from __future__ import annotations

from xenia.screen.tries import Tries


def test_who_is_wrong_too_often_waits_for_a_minute() -> None:
    now = 0.0
    tries = Tries(lambda: now)
    for _ in range(4):
        tries.wrong("192.0.2.1")
    assert tries.wait("192.0.2.1") == 0
    tries.wrong("192.0.2.1")
    assert tries.wait("192.0.2.1") == 60
    assert tries.wait("192.0.2.2") == 0
    now = 59.0
    assert tries.wait("192.0.2.1") == 1
    now = 61.0
    assert tries.wait("192.0.2.1") == 0
    tries.wrong("192.0.2.1")
    assert tries.wait("192.0.2.1") == 0, "it begins anew"


def test_who_is_right_has_a_clean_record() -> None:
    tries = Tries(lambda: 0.0)
    for _ in range(3):
        for _ in range(4):
            tries.wrong("192.0.2.1")
        tries.right("192.0.2.1")
    assert tries.wait("192.0.2.1") == 0


def test_addresses_are_not_remembered_without_end() -> None:
    tries = Tries(lambda: 0.0)
    for number in range(10_000):
        tries.wrong(str(number))
    assert len(tries._wrong) == 4096
