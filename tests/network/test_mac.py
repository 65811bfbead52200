from __future__ import annotations

import secrets

import pytest

from xenia.network.mac import generate_mac


def test_addresses_are_in_the_lower_half_of_xens_range() -> None:
    for _ in range(500):
        octets = [int(octet, 16) for octet in generate_mac().split(":")]
        assert octets[:3] == [0x00, 0x16, 0x3E]
        assert len(octets) == 6
        assert octets[3] < 0x80


def test_taken_addresses_are_avoided(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([0x010203, 0x010203, 0x7FFFFF])
    monkeypatch.setattr(secrets, "randbits", lambda bits: next(drawn))
    assert generate_mac() == "00:16:3e:01:02:03"
    assert generate_mac({"00:16:3e:01:02:03"}) == "00:16:3e:7f:ff:ff"
