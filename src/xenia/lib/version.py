"""Which version of Xenia this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """The installed package's version; words that say so for a source tree that is not installed."""
    try:
        return version("xenia")
    except PackageNotFoundError:
        return "of a source tree that is not installed"
