"""Keys by name, and what types a text."""

from __future__ import annotations

import string

import pytest

from xenia.model.errors import ErrorKind, XeniaError
from xenia.model.keys import KEYS, LONGEST_TEXT, MOST_STROKES, check_hold, strokes_of, text_strokes


def codes(word: str) -> str:
    (stroke,) = strokes_of([word])
    return " ".join(f"{key.code:02x}" for key in stroke)


@pytest.mark.parametrize(
    ("word", "pressed"),
    [
        ("ctrl-alt-delete", "1d 38 d3"),
        ("Ctrl+Alt+Del", "1d 38 d3"),
        ("KEY_LEFTCTRL-key_c", "1d 2e"),
        ("a", "1e"),
        ("A", "1e"),
        ("7", "08"),
        ("/", "35"),
        ("?", "2a 35"),
        ("-", "0c"),
        ("ctrl--", "1d 0c"),
        ("ctrl-+", "1d 2a 0d"),
        ("shift-!", "2a 02"),
        ("f1", "3b"),
        ("f10", "44"),
        ("f11", "57"),
        ("kp_0", "52"),
        ("kp_9", "49"),
        ("win-r", "db 13"),
        ("ctrl-alt-f2", "1d 38 3c"),
        ("a-a", "1e"),
    ],
)
def test_what_a_word_presses(word: str, pressed: str) -> None:
    assert codes(word) == pressed


def test_several_words_are_pressed_one_after_the_other() -> None:
    assert [[key.code for key in stroke] for stroke in strokes_of(["up", "ret"])] == [[0xC8], [0x1C]]


def test_with_shift_the_keysym_is_that_of_what_is_typed() -> None:
    """QEMU has Caps Lock pressed where capitals and Shift do not go together."""
    assert [[key.keysym for key in stroke] for stroke in strokes_of(["ctrl-shift-a", "shift-1", "a"])] == [
        [0xFFE3, 0xFFE1, ord("A")],
        [0xFFE1, ord("!")],
        [ord("a")],
    ]


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("ctrl-alt-dlete", "did you mean delete"),
        ("retrun", "did you mean return"),
        ("", "as in ctrl-alt-delete"),
        ("ctrl-", "did you mean ctrl"),
        ("-a", "did you mean a"),
        ("--", "as in"),
        ("é", "as in"),
        ("hello", ""),
        ("\x1b", "as in"),
        ("ctrl-alt-1", "ctrl-alt-f1"),
        ("alt_r-ctrl_r-9", "ctrl-alt-f1"),
        ("a-b-c-d-e-f-g-h-i", "as in"),
    ],
)
def test_what_is_no_key_is_refused_with_the_nearest(word: str, hint: str) -> None:
    with pytest.raises(XeniaError) as raised:
        strokes_of(["a", word])
    assert raised.value.kind is ErrorKind.INVALID
    assert hint in (raised.value.hint or "")


def test_the_digits_themselves_get_through() -> None:
    assert codes("ctrl-1") == "1d 02"
    assert codes("ctrl-alt-0") == "1d 38 0b"


def test_every_printable_character_of_ascii_is_typed() -> None:
    typed = text_strokes(string.printable[:95] + "\n\t")
    assert len(typed) == 97
    for char, stroke in zip(string.printable[:95], typed, strict=False):
        assert stroke[-1].keysym == ord(char)
        assert (len(stroke) == 2) == (char in string.ascii_uppercase + '~!@#$%^&*()_+{}|:"<>?'), char
    assert [stroke[0].code for stroke in typed[-2:]] == [0x1C, 0x0F]


@pytest.mark.parametrize("text", ["Grüße", "\0", "\x1b", "\r", "x" * (LONGEST_TEXT + 1)])
def test_what_cannot_be_typed_is_refused(text: str) -> None:
    with pytest.raises(XeniaError) as raised:
        text_strokes(text)
    assert raised.value.kind is ErrorKind.INVALID


def test_there_is_a_limit() -> None:
    assert len(strokes_of(["a"] * MOST_STROKES)) == MOST_STROKES
    with pytest.raises(XeniaError, match="more than 64 keys"):
        strokes_of(["a"] * (MOST_STROKES + 1))
    for milliseconds in (0, -1, 5001):
        with pytest.raises(XeniaError, match="milliseconds"):
            check_hold(milliseconds)
    check_hold(5000)


def test_names_are_small_and_lead_to_codes_of_one_byte() -> None:
    for name, key in KEYS.items():
        assert name == name.lower()
        assert 0 < key.code < 0x100
        assert key.keysym > 0
