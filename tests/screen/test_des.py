from __future__ import annotations

import random

import pytest
from tests.support.vnc import answer_to as by_another_library

from xenia.screen.des import answer_to


@pytest.mark.parametrize("password", ["", "a", "geheim", "12345678", "longer than eight", "ü€", "\x80\xff"])
def test_it_answers_as_another_library_does(password: str) -> None:
    challenge = random.Random(password).randbytes(16)  # noqa: S311 (any will do)
    assert answer_to(challenge, password) == by_another_library(challenge, password)


def test_only_eight_bytes_count() -> None:
    assert answer_to(bytes(16), "12345678") == answer_to(bytes(16), "123456789")
    assert answer_to(bytes(16), "1234567") != answer_to(bytes(16), "12345678")
