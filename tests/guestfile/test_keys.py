from __future__ import annotations

import pytest
from tests.guestfile.corpus import CORPUS, needs_corpus

from xenia.guestfile.domain import HELD
from xenia.guestfile.keys import CHAPTERS, KEYS, MEANT, Effect, Key, KeyType
from xenia.guestfile.read import read

HARMLESS = """\
name = 'a'
kernel = '/boot/vmlinuz'
memory = 512
"""


def test_every_key_stands_in_one_chapter() -> None:
    names = [key.name for chapter in CHAPTERS.values() for key in chapter]
    assert len(names) == len(set(names)) == len(KEYS)


@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.name)
def test_every_key_says_what_it_is_and_what_becomes_of_it(key: Key) -> None:
    assert key.meaning
    assert not key.meaning.endswith(".")
    assert bool(key.form) == (key.type is KeyType.ANY)
    for fate in (key.qemu, key.xen):
        assert bool(fate.reason) == (fate.effect is not Effect.HONOURED)
    assert key.on("simulated").effect is Effect.HONOURED


@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.name)
def test_every_example_is_read_without_a_complaint_about_it(key: Key) -> None:
    base = "\n".join(line for line in HARMLESS.splitlines() if not line.startswith(f"{key.name} "))
    reading = read(f"{base}\n{key.example}\n", file="a.cfg")
    assert set(reading.values) == {"name", "kernel", "memory", key.name}
    about = [complaint.message for complaint in reading.complaints if complaint.key.partition("[")[0] == key.name]
    assert about == BESIDE_A_KERNEL.get(key.name, [])


BESIDE_A_KERNEL = {
    "nfs_root": ["an NFS root needs a server as well"],
}


def test_keys_that_a_field_holds_are_in_the_table_and_have_an_effect_now_or_later() -> None:
    assert set(KEYS) >= HELD
    without = {name for name in HELD if KEYS[name].qemu.effect is Effect.IGNORED}
    assert without == {"opengl", "keymap"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("hap = 'maybe'", "hap takes 0 or 1, not 'maybe'"),
        ("shadow_memory = []", "shadow_memory takes a number, not a list"),
        ("vtpm = [None]", "vtpm takes a list of texts; this item is nothing"),
        ("seclabel = {}", "seclabel takes a text, not a dict"),
    ],
)
def test_a_wrong_value_of_a_key_that_only_tunes_is_a_warning_where_it_stands(line: str, message: str) -> None:
    reading = read(f"{HARMLESS}{line}\n", file="a.cfg")
    (warning,) = reading.complaints
    assert (warning.severity, warning.message, warning.line) == ("warning", message, 4)
    assert reading.config is not None


def test_words_of_other_tools_lead_to_keys() -> None:
    assert set(MEANT.values()) <= set(KEYS)
    assert not set(MEANT) & set(KEYS)


@needs_corpus
def test_all_keys_of_xm_and_xl_are_known() -> None:
    for table in ("xl-keys.tsv", "xm-options.tsv"):
        lines = (CORPUS / "xen-expected" / table).read_text().splitlines()[1:]
        assert [name for name in (line.partition("\t")[0] for line in lines) if name not in KEYS] == []
