"""What of a running domain can be changed without starting it anew, and how it differs from its guest file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LIVE = frozenset({"on_poweroff", "on_reboot", "on_crash", "start_after", "start_delay", "stop_timeout", "tags"})
"""The keys of a guest file that `apply` changes in a domain that runs. They are xend's own business, so that no engine
needs to be able to do anything. Everything else is part of the machine that the engine has made, and counts at the next
start.
"""


class When(StrEnum):
    """When a difference between a guest file and what runs goes away."""

    NOW = "now"
    """`xm apply` does it."""
    NEXT_START = "at next start"


@dataclass(frozen=True, slots=True)
class Difference:
    """One key in which what runs is not as its guest file wants it. Of a list there is one for each item; "" stands for
    an item that is not there, or a key that has its default.
    """

    key: str
    wanted: str
    running: str
    when: When


def when(key: str) -> When:
    """When a change of `key` takes effect on a domain that runs."""
    return When.NOW if key in LIVE else When.NEXT_START
