"""Where what a domain has is changed."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """Where a change is made."""

    BOTH = "both"
    """In the domain, if it runs, and in its guest file, if there is one in etc/xen."""
    LIVE = "live"
    """Only in the domain that runs."""
    CONFIG = "config"
    """Only in its guest file: it counts at the next start."""
