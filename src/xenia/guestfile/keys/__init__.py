"""The table of keys: every word that may stand left of `=` in a guest file, what kind of value it takes, what it means,
and what becomes of it on QEMU and on Xen.

Sources: xm's create.py (Xen 3.0 to 4.4), xl.cfg(5) and xl_parse.c of Xen 4.17; for what becomes of a key, the engines
of this project. Checks, explanations, the help of xm and docs/reference/guest-file.md are drawn from here.
"""

from __future__ import annotations

from xenia.guestfile.keys import (
    board,
    boot,
    cpu,
    device_model,
    devices,
    display,
    general,
    hypervisor,
    passthrough,
    with_host,
)
from xenia.guestfile.keys.key import Dialect, Effect, Fate, Key, KeyType
from xenia.guestfile.keys.meant import MEANT

__all__ = ["CHAPTERS", "KEYS", "MEANT", "Dialect", "Effect", "Fate", "Key", "KeyType"]

CHAPTERS: dict[str, tuple[Key, ...]] = {
    "What a domain is": general.KEYS,
    "With the host": with_host.KEYS,
    "What it boots": boot.KEYS,
    "Disks, cards and other devices": devices.KEYS,
    "Screen and viewer": display.KEYS,
    "Board": board.KEYS,
    "Processors and scheduling": cpu.KEYS,
    "Devices of the host": passthrough.KEYS,
    "Tuning of the hypervisor": hypervisor.KEYS,
    "Device model": device_model.KEYS,
}
"""The table in the order in which it is shown."""

KEYS: dict[str, Key] = {key.name: key for chapter in CHAPTERS.values() for key in chapter}
"""Every key by its name."""
