"""Whatever the text: a Reading comes back, in time, and it can be sent."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from xenia.guestfile.keys import KEYS
from xenia.guestfile.read import read
from xenia.lib.codec import from_plain, to_plain
from xenia.model.complaint import Severity
from xenia.model.reading import Reading

WORDS = (
    "if", "else:", "for", "in", "def f(x):", "return", "import os", "while 1:", "pass", "os.uname()", "'%s' %",
    "f'{x}'",
    "[", "]", "(", ")", "{", "}", ",", ":", ";", "=", "+=", "==", "+", "*", "**", "<<", "/", "-", "not", "None",
    "True", "1", "0x10", "2.5", "10 ** 9", "'a'",
    '"b"', '"""', "'", "\\", "#",
    "\n", "\n  ", "\n\t", "\r", "\r\n", "\f", "\ufeff", "\0", "ü", "“", "\udc80", "x", "x.y", "range(9)",
    ".append(", ".join(", "lambda", "phy:a,hda,w",
    "'mac=00:16:3e:00:00:01'", "'file:/x,hdc:cdrom,r'", "'type=vnc'", "'hvm'", *KEYS,
)  # fmt: skip

texts = some.one_of(
    some.text(max_size=300),
    some.lists(some.sampled_from(WORDS), max_size=60).map(" ".join),
    some.lists(some.tuples(some.sampled_from(sorted(KEYS)), some.sampled_from(WORDS)), max_size=20).map(
        lambda pairs: "\n".join(f"{key} = {word}" for key, word in pairs)
    ),
)
values = some.one_of(
    some.none(), some.booleans(), some.integers(), some.floats(), some.text(max_size=40),
    some.lists(some.one_of(some.text(max_size=60), some.integers(), some.lists(some.text(max_size=5))), max_size=4),
)  # fmt: skip


def check(reading: Reading) -> None:
    assert (reading.config is None) == any(each.severity is Severity.ERROR for each in reading.complaints)
    assert len(reading.complaints) <= 100
    sent = json.loads(json.dumps(to_plain(reading), allow_nan=False))
    assert from_plain(Reading, sent) == reading


@settings(max_examples=400)
@given(texts, some.lists(some.text(max_size=30), max_size=3))
def test_any_text_gives_a_reading(text: str, overrides: list[str]) -> None:
    check(read(text, file="any.cfg", overrides=overrides))


@settings(max_examples=400)
@given(some.dictionaries(some.sampled_from(sorted(KEYS)), values, max_size=12))
def test_any_value_of_any_key_gives_a_reading(settings_of_file: dict[str, Any]) -> None:
    check(read("\n".join(f"{key} = {value!r}" for key, value in settings_of_file.items()), file="any.cfg"))


@settings(max_examples=300)
@given(
    some.lists(some.text(alphabet="phy:file,=/hdxvscr0w!tacbemi @.-", max_size=40), max_size=4),
    some.lists(some.text(alphabet="mac=0123:fie,brdgtyponu @/s.", max_size=40), max_size=4),
    some.lists(some.text(alphabet="vnclisteduay=,0127.:", max_size=40), max_size=2),
)
def test_any_items_give_a_reading(disks: list[str], vifs: list[str], vfbs: list[str]) -> None:
    check(read(f"name='x'\nbuilder='hvm'\ndisk={disks!r}\nvif={vifs!r}\nvfb={vfbs!r}", file="any.cfg"))
