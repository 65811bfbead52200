from __future__ import annotations

from tests.guestfile.corpus import CORPUS, needs_corpus

from xenia.guestfile import keys_on_xen
from xenia.guestfile.domain import _HELD
from xenia.guestfile.keys import KEYS, MEANT, Effect


def test_every_key_says_what_it_is_and_what_becomes_of_it() -> None:
    for name, key in KEYS.items():
        assert key.name == name
        assert key.sentence
        assert not key.sentence.endswith(".")
        assert bool(key.reason) == (key.qemu is not Effect.HONOURED)
        assert bool(key.xen_reason) == (key.xen is not Effect.HONOURED)


def test_the_column_of_xen_is_about_keys_of_the_table_each_said_once() -> None:
    said = [*keys_on_xen.HONOURED, *keys_on_xen.TRANSLATED, *keys_on_xen.IGNORED]
    assert set(said) <= set(KEYS)
    assert len(said) == len(set(said))
    assert not [name for name in keys_on_xen.HONOURED if KEYS[name].qemu is Effect.HONOURED]


def test_keys_that_a_field_holds_are_in_the_table_and_have_an_effect_now_or_later() -> None:
    assert set(KEYS) >= _HELD
    without = {name for name in _HELD if KEYS[name].qemu is Effect.IGNORED} - {"bootentry"}
    assert {KEYS[name].reason for name in without} == {"it has no effect on QEMU yet"}


def test_words_of_other_tools_lead_to_keys() -> None:
    assert set(MEANT.values()) <= set(KEYS)
    assert not set(MEANT) & set(KEYS)


@needs_corpus
def test_all_keys_of_xm_and_xl_are_known() -> None:
    for table in ("xl-keys.tsv", "xm-options.tsv"):
        lines = (CORPUS / "xen-expected" / table).read_text().splitlines()[1:]
        assert [name for name in (line.partition("\t")[0] for line in lines) if name not in KEYS] == []
