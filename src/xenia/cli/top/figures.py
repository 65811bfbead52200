"""Figures as a few characters."""

from __future__ import annotations

UNKNOWN = "-"
_UNITS = "KMGTP"


def percent(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.1f}"


def whole(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.0f}"


def amount(value: float | None) -> str:
    """Bytes, requests or packets, at most five characters: 0, 999, 1.5K, 20.3M, 999G; of less than one a second 0.3."""
    if value is None:
        return UNKNOWN
    if 0 < value < 9.95 and value != int(value):
        return f"{value:.1f}"
    if value < 1000:
        return f"{value:.0f}"
    for unit in _UNITS:
        value /= 1024
        if value < 99.95:
            return f"{value:.1f}{unit}"
        if value < 1000 or unit == _UNITS[-1]:
            return f"{value:.0f}{unit}"
    raise AssertionError("the last unit takes everything")


def mebibytes(value: float | None) -> str:
    return UNKNOWN if value is None else amount(value * 1024 * 1024)


def duration(seconds: float | None) -> str:
    """At most nine characters: 0:59:59, 98d02:27."""
    if seconds is None:
        return UNKNOWN
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{days}d{hour:02}:{minute:02}" if days else f"{hour}:{minute:02}:{second:02}"
