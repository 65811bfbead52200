"""Logs that are bounded."""

from __future__ import annotations

from pathlib import Path


def older(path: Path) -> Path:
    """Where the end of what was cut from the log at `path` is kept."""
    return path.with_name(path.name + ".1")
