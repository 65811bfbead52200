"""The table of keys and what is passed on to xl say the same."""

from __future__ import annotations

from xenia.engines.xen.passed_on import PASSED_ON
from xenia.engines.xen.prepared import Prepared
from xenia.engines.xen.render import settings_of
from xenia.guestfile.domain import HELD
from xenia.guestfile.keys import KEYS, Effect
from xenia.model.domain import Definition, DomainConfig, Kind, Started

_RENDERED_BY_A_NOUN = {"viridian"}
"""Not held by a field altogether, and nevertheless not passed on as it is."""


def test_keys_with_an_effect_on_xen_are_held_by_a_field_or_passed_on() -> None:
    effective = {name for name, key in KEYS.items() if key.xen.effect is not Effect.IGNORED}
    assert effective - HELD - _RENDERED_BY_A_NOUN == set(PASSED_ON)


def test_no_key_that_is_passed_on_is_one_that_xenia_decides() -> None:
    for kind in Kind:
        started = Started("u", 1, DomainConfig("guest", kind), Definition(), (), "xen", 0.0)
        assert not set(settings_of(started, Prepared())) & set(PASSED_ON)
