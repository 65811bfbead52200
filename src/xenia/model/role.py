"""What somebody may."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """Ordered: each may do what the ones before it may."""

    NONE = -1
    """Nothing on the whole host; what grants give on single domains is apart from it."""
    VIEWER = 0
    """Looks, and changes nothing."""
    OPERATOR = 1
    """Runs domains whose files lie under the configured roots."""
    ADMINISTRATOR = 2
    """May name any path of the host in a guest file."""
