"""In what a domain that runs is not as its file wants it."""

from dataclasses import replace

import pytest

from xenia.manager.differences import differences
from xenia.model.domain import DomainConfig

GUEST = DomainConfig("web", vcpus=2, vcpu_pins=("2", "3"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (replace(GUEST, vcpu_pins=("3", "2")), ("['3', '2']", "['2', '3']")),
        (replace(GUEST, vcpu_pins=("2", "2")), ("['2', '2']", "['2', '3']")),
        (replace(GUEST, vcpu_pins=(), cpus="2-3"), ("2-3", "['2', '3']")),
        (replace(GUEST, vcpu_pins=()), ("", "['2', '3']")),
    ],
)
def test_cpus_for_each_virtual_cpu_are_one_thing(changed, said):
    (difference,) = differences(changed, GUEST)
    assert (difference.key, difference.wanted, difference.running) == ("cpus", *said)
