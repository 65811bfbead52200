"""What is sent to a guest from outside: keys of Magic SysRq, and the signals of its hardware."""

from __future__ import annotations

from enum import StrEnum

from xenia.model.errors import invalid


class Trigger(StrEnum):
    """The signals of `xm trigger`, by the words of xl."""

    NMI = "nmi"
    """A non-maskable interrupt."""
    RESET = "reset"
    """The reset button."""
    INIT = "init"
    """The INIT signal of a CPU."""
    POWER = "power"
    """The power button (ACPI)."""
    SLEEP = "sleep"
    """The sleep button (ACPI)."""
    S3RESUME = "s3resume"
    """Waking up from suspend to memory (ACPI S3)."""


def sysrq_key(text: str) -> str:
    """The key that `text` names: one letter or digit, small. Raises invalid for all else."""
    if len(text) != 1 or not text.isascii() or not text.isalnum():
        raise invalid(
            f"'{text}' is no key of SysRq: that is one letter or digit",
            "h has a Linux guest list them on its console; s writes its disks' caches out, b resets it",
        )
    return text.lower()
