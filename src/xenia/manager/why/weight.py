"""What the pressure on a host means for one domain."""

from __future__ import annotations


def weighed(host: float, own: float | None, message: str) -> tuple[int, str]:
    """The weight of a pressure, and the `message` that tells of it: that on the domain itself counts, where it is
    known; both are shares of the time.
    """
    if own is None:
        return max(1, round(100 * host)), message
    return max(1, round(100 * own)), f"{message}, those of this domain {100 * own:.0f} %"
