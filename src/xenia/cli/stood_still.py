"""For how long a domain stood still while it was saved, in words."""

from __future__ import annotations

from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def stood_still(told: dict[str, Any] | None) -> str:
    """What follows on what was done; nothing where it did not run."""
    if told is None:
        return ""
    seconds = told["seconds"]
    how_long = f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
    return f"; it stood still for {how_long}" + (f", as {printable(told['why'])}" if told["why"] else "")
