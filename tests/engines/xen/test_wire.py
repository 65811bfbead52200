"""Bytes to messages, however they come."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xenia.engines.xen.wire import PAYLOAD_LIMIT, Decoder, Message, encode, strings

NUMBERS = st.integers(0, 2**32 - 1)
MESSAGES = st.lists(st.builds(Message, NUMBERS, NUMBERS, NUMBERS, st.binary(max_size=60)), max_size=5)


@given(MESSAGES, st.data())
def test_any_split_of_the_bytes_gives_the_same_messages(messages: list[Message], data: st.DataObject) -> None:
    wire = b"".join(encode(message) for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    decoder = Decoder()
    heard = []
    for start, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        heard += decoder.feed(wire[start:end])
    assert heard == messages


@given(st.lists(st.text(st.characters(blacklist_characters="\0", codec="utf-8"), min_size=1)))
def test_strings_come_back(texts: list[str]) -> None:
    assert Message(1, 0, 0, strings(*texts)).strings == texts


def test_what_is_no_utf_8_comes_back() -> None:
    (odd,) = Message(1, 0, 0, b"\xff\x80\0").strings
    assert strings(odd) == b"\xff\x80\0"


def test_the_longest_payload_is_4096_bytes() -> None:
    longest = Message(1, 2, 3, bytes(PAYLOAD_LIMIT))
    assert list(Decoder().feed(encode(longest))) == [longest]
    with pytest.raises(ValueError, match="4097 bytes"):
        encode(Message(1, 2, 3, bytes(PAYLOAD_LIMIT + 1)))
    with pytest.raises(ValueError, match="4097 bytes"):
        list(Decoder().feed(struct.pack("=IIII", 1, 2, 3, PAYLOAD_LIMIT + 1)))


def test_what_stands_before_rubbish_is_heard() -> None:
    messages = Decoder().feed(encode(Message(1, 2, 3, b"")) + b"\xff" * 16)
    assert next(messages) == Message(1, 2, 3, b"")
    with pytest.raises(ValueError, match="xenstore sends at most"):
        next(messages)
