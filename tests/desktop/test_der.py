"""The small DER agrees with a library that is not ours, and takes nothing that is none."""

from __future__ import annotations

import pytest
from cryptography.hazmat import asn1
from hypothesis import given
from hypothesis import strategies as st

from xenia.desktop.der import INTEGER, OCTETS, Broken, elements, number, only, write, write_number

pytestmark = pytest.mark.hypothesis


@given(st.integers(0, (1 << 63) - 1))
def test_numbers_are_written_and_read_as_others_do(value: int) -> None:
    data = write_number(value)
    assert data == asn1.encode_der(value)
    assert number(only(data, INTEGER)) == value


@given(st.binary(max_size=300) | st.integers(0, 0xFFFF).map(bytes))
def test_octets_are_written_and_read_as_others_do(content: bytes) -> None:
    data = write(OCTETS, content)
    assert data == asn1.encode_der(content)
    assert only(data, OCTETS) == content


@given(st.binary(max_size=40))
def test_what_is_read_is_der_and_whole(data: bytes) -> None:
    try:
        found = [*elements(data)]
    except Broken:
        return
    assert b"".join(write(tag, content) for tag, content in found) == data


@pytest.mark.parametrize(
    "data",
    ["04", "0401", "0480", "048100", "04817f" + "00" * 127, "0482007f" + "00" * 127, "04830000", "1f0100", "04ff"],
)
def test_what_is_none_is_refused(data: str) -> None:
    with pytest.raises(Broken):
        list(elements(bytes.fromhex(data)))


@pytest.mark.parametrize("content", ["", "80", "ff", "0001", "00" + "ff" * 9, "7f" * 9])
def test_numbers_are_small_positive_and_short(content: str) -> None:
    with pytest.raises(Broken):
        number(bytes.fromhex(content))


def test_what_is_too_long_is_not_written() -> None:
    with pytest.raises(ValueError, match="too long"):
        write(OCTETS, bytes(1 << 16))
