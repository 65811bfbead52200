"""The keys of a guest's keyboard by name, and what is pressed for a text. The layout is that of the US.

Names are QEMU's (QKeyCode, as `sendkey` and `virsh send-key --codeset qnum` know them) and what people call them
otherwise. Codes are scan codes of set 1, with 0x80 for the prefix 0xe0; keysyms are X11's (keysymdef.h).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from xenia.model.errors import XeniaError, invalid

MOST_STROKES = 64
MOST_AT_ONCE = 8
LONGEST_TEXT = 1024
HOLD = 40
"""Milliseconds for which a key is held down."""
LONGEST_HOLD = 5000


@dataclass(frozen=True, slots=True)
class Key:
    code: int
    keysym: int


Stroke = tuple[Key, ...]
"""Keys that are pressed in this order and released in the other."""

_ROWS = (
    (0x02, "1234567890-=", "!@#$%^&*()_+"),
    (0x10, "qwertyuiop[]", "QWERTYUIOP{}"),
    (0x1E, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (0x2B, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (0x39, " ", " "),
)
"""The keys that type something, by the code of the first one: alone, and with Shift."""

_PLAIN = {char: Key(first + place, ord(char)) for first, row, _ in _ROWS for place, char in enumerate(row)}
_SHIFTED = {
    above: Key(first + place, ord(above))
    for first, row, shifted in _ROWS
    for place, (char, above) in enumerate(zip(row, shifted, strict=True))
    if above != char
}
_ABOVE = {key.code: shifted for key in _PLAIN.values() for shifted in _SHIFTED.values() if shifted.code == key.code}

_NAMED = {
    "minus": "-",
    "equal": "=",
    "bracket_left": "[",
    "bracket_right": "]",
    "semicolon": ";",
    "apostrophe": "'",
    "grave_accent": "`",
    "backslash": "\\",
    "comma": ",",
    "dot": ".",
    "slash": "/",
    "spc": " ",
}

_KEYS = {
    "esc": Key(0x01, 0xFF1B),
    "backspace": Key(0x0E, 0xFF08),
    "tab": Key(0x0F, 0xFF09),
    "ret": Key(0x1C, 0xFF0D),
    "ctrl": Key(0x1D, 0xFFE3),
    "ctrl_r": Key(0x9D, 0xFFE4),
    "shift": Key(0x2A, 0xFFE1),
    "shift_r": Key(0x36, 0xFFE2),
    "alt": Key(0x38, 0xFFE9),
    "alt_r": Key(0xB8, 0xFFEA),
    "meta_l": Key(0xDB, 0xFFEB),
    "meta_r": Key(0xDC, 0xFFEC),
    "compose": Key(0xDD, 0xFF67),
    "caps_lock": Key(0x3A, 0xFFE5),
    "num_lock": Key(0x45, 0xFF7F),
    "scroll_lock": Key(0x46, 0xFF14),
    **{f"f{number}": Key(0x3A + number, 0xFFBD + number) for number in range(1, 11)},
    "f11": Key(0x57, 0xFFC8),
    "f12": Key(0x58, 0xFFC9),
    "sysrq": Key(0x54, 0xFF15),
    "print": Key(0x54, 0xFF61),
    "pause": Key(0xC6, 0xFF13),
    "insert": Key(0xD2, 0xFF63),
    "delete": Key(0xD3, 0xFFFF),
    "home": Key(0xC7, 0xFF50),
    "end": Key(0xCF, 0xFF57),
    "pgup": Key(0xC9, 0xFF55),
    "pgdn": Key(0xD1, 0xFF56),
    "up": Key(0xC8, 0xFF52),
    "down": Key(0xD0, 0xFF54),
    "left": Key(0xCB, 0xFF51),
    "right": Key(0xCD, 0xFF53),
    "less": Key(0x56, ord("<")),
    **{
        f"kp_{digit}": Key(code, 0xFFB0 + digit)
        for digit, code in enumerate((0x52, 0x4F, 0x50, 0x51, 0x4B, 0x4C, 0x4D, 0x47, 0x48, 0x49))
    },
    "kp_enter": Key(0x9C, 0xFF8D),
    "kp_multiply": Key(0x37, 0xFFAA),
    "kp_add": Key(0x4E, 0xFFAB),
    "kp_subtract": Key(0x4A, 0xFFAD),
    "kp_decimal": Key(0x53, 0xFFAE),
    "kp_divide": Key(0xB5, 0xFFAF),
    "power": Key(0xDE, 0x1008FF2A),
    "sleep": Key(0xDF, 0x1008FF2F),
    "wake": Key(0xE3, 0x1008FF2B),
    **{name: _PLAIN[char] for name, char in _NAMED.items()},
    **{char: key for char, key in _PLAIN.items() if char.isalnum()},
}

_ALIASES = {
    "ret": ("enter", "return"),
    "esc": ("escape",),
    "spc": ("space",),
    "backspace": ("bksp",),
    "delete": ("del",),
    "insert": ("ins",),
    "pgup": ("pageup", "page_up", "prior"),
    "pgdn": ("pagedown", "page_down", "next"),
    "ctrl": ("control", "leftctrl", "ctrl_l"),
    "ctrl_r": ("rightctrl",),
    "shift": ("leftshift", "shift_l"),
    "shift_r": ("rightshift",),
    "alt": ("leftalt", "alt_l"),
    "alt_r": ("altgr", "rightalt"),
    "meta_l": ("meta", "super", "win", "windows", "cmd", "leftmeta"),
    "meta_r": ("super_r", "win_r", "rightmeta"),
    "compose": ("menu",),
    "caps_lock": ("capslock",),
    "num_lock": ("numlock",),
    "scroll_lock": ("scrolllock",),
    "print": ("prtsc", "printscreen"),
    "pause": ("break",),
    "dot": ("period",),
    "apostrophe": ("quote",),
    "grave_accent": ("grave", "backtick"),
    "bracket_left": ("leftbrace",),
    "bracket_right": ("rightbrace",),
    "less": ("102nd",),
    "kp_enter": ("kpenter",),
}

KEYS = _KEYS | {alias: _KEYS[name] for name, aliases in _ALIASES.items() for alias in aliases}
"""Every name, all in small letters."""

_SHIFT = _KEYS["shift"]
_SHIFTS = (_SHIFT, _KEYS["shift_r"])
_CTRLS = (_KEYS["ctrl"], _KEYS["ctrl_r"])
_ALTS = (_KEYS["alt"], _KEYS["alt_r"])
_OF_VNC = tuple(_PLAIN[digit] for digit in "123456789")
_EXAMPLES = "as in ctrl-alt-delete, alt-f4, ret, a; a text is typed by --text"

_PART = re.compile(r"[^-+]+|[-+]")


def strokes_of(words: Sequence[str]) -> tuple[Stroke, ...]:
    """What to press for each of `words`: names of keys, joined by `-` or `+`.

    Raises invalid for what names no keys, with the nearest names, and for what does not get through to a guest.
    """
    if len(words) > MOST_STROKES:
        raise invalid(f"these are more than {MOST_STROKES} keys", "press them in several turns; a text is for --text")
    return tuple(_stroke(word) for word in words)


def text_strokes(text: str) -> tuple[Stroke, ...]:
    """What to press to type `text`. Raises invalid for a character that no key of a US keyboard types."""
    if len(text) > LONGEST_TEXT:
        raise invalid(f"the text has more than {LONGEST_TEXT} characters", "type it in several turns")
    return tuple(_typed(char) for char in text)


def check_hold(milliseconds: int) -> None:
    """Raises invalid for a time for which no key is held."""
    if not 1 <= milliseconds <= LONGEST_HOLD:
        raise invalid(f"a key is held for 1 to {LONGEST_HOLD} milliseconds, not for {milliseconds}")


def _typed(char: str) -> Stroke:
    named = {"\n": "ret", "\t": "tab"}.get(char)
    if named:
        return (_KEYS[named],)
    if char in _PLAIN:
        return (_PLAIN[char],)
    if char in _SHIFTED:
        return (_SHIFT, _SHIFTED[char])
    raise invalid(
        f"no key of a US keyboard types {char!r}", "set the guest's keyboard to US, and leave such characters out"
    )


def _stroke(word: str) -> Stroke:
    keys: list[Key] = []
    for name in _names(word):
        keys += [key for key in _key(name, word) if key not in keys]
    if len(keys) > MOST_AT_ONCE:
        raise invalid(f"'{word}' are more than {MOST_AT_ONCE} keys at once", _EXAMPLES)
    if _any(_CTRLS, keys) and _any(_ALTS, keys) and _any(_OF_VNC, keys):
        raise invalid(
            f"'{word}' does not reach the guest: QEMU's VNC server keeps ctrl-alt-1 to ctrl-alt-9 for itself",
            "the consoles of a Linux are at ctrl-alt-f1 to ctrl-alt-f12",
        )
    if _any(_SHIFTS, keys):  # a keysym is that of what is typed
        keys = [_ABOVE.get(key.code, key) for key in keys]
    return tuple(keys)


def _any(wanted: Iterable[Key], keys: Sequence[Key]) -> bool:
    return any(key in keys for key in wanted)


def _names(word: str) -> list[str]:
    """`a-b` are two, `ctrl--` and `-` have the key `-` in them."""
    parts = _PART.findall(word)
    names = parts[::2]
    if not parts or len(parts) % 2 == 0 or any(part not in ("-", "+") for part in parts[1::2]):
        raise _unknown(word, word)
    return names


def _key(name: str, word: str) -> Stroke:
    small = name.lower().removeprefix("key_")
    if small in KEYS:
        return (KEYS[small],)
    if len(name) == 1 and (name in _PLAIN or name in _SHIFTED):
        return _typed(name)
    raise _unknown(name, word)


def _unknown(name: str, word: str) -> XeniaError:
    near = get_close_matches(name.lower(), KEYS, n=3, cutoff=0.6)
    where = f" (in '{word}')" if name != word else ""
    return invalid(f"there is no key '{name}'{where}", f"did you mean {' or '.join(near)}?" if near else _EXAMPLES)
