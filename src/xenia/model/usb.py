"""USB devices of a guest, by the words of `usbdevice`: `tablet`, `host:1.3` (bus and address), `host:046d:c077` (vendor
and product).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from xenia.model.errors import invalid

KNOWN = "known are tablet, mouse, keyboard, and devices of the host: host:1.3 (bus and address), host:046d:c077"

EMULATED = ("tablet", "mouse", "keyboard")

_ADDRESS = re.compile(r"host:(\d{1,3})\.(\d{1,3})", re.ASCII)
_PRODUCT = re.compile(r"host:(?:0x)?([0-9a-f]{1,4}):(?:0x)?([0-9a-f]{1,4})", re.ASCII)
_XL = re.compile(r"(?:type=hostdev[,\s]+)?hostbus=(\d{1,3})[,\s]+hostaddr=(\d{1,3})", re.ASCII)


def usb_word(text: str) -> str | None:
    """The one way to write the device that `text` names, also in the words of xl's `usbdev` (`hostbus=1,hostaddr=3`);
    None where it names none.
    """
    word = text.strip().lower()
    if word in EMULATED:
        return word
    if found := _ADDRESS.fullmatch(word) or _XL.fullmatch(word):
        return f"host:{int(found[1])}.{int(found[2])}"
    if found := _PRODUCT.fullmatch(word):
        return f"host:{found[1]:0>4}:{found[2]:0>4}"
    return None


def read_usb(text: str) -> str:
    """As `usb_word`. Raises invalid for what names no device."""
    word = usb_word(text)
    if word is None:
        raise invalid(f"'{text}' names no USB device", f"{KNOWN} (lsusb)")
    return word


def usb_words(texts: Iterable[str]) -> tuple[str, ...]:
    """The devices that are named, each once, in order."""
    return tuple(dict.fromkeys(word for text in texts if (word := usb_word(text)) is not None))


def is_hosts(word: str) -> bool:
    """Whether it is a device of the host."""
    return word.startswith("host:")
