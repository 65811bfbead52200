"""Why a login through an issuer does not come to its end."""

from __future__ import annotations


class Unusable(Exception):
    """The issuer does not answer, or not as it should: it is broken, or its settings are."""


class Refused(Exception):
    """The issuer answers, and what it says of this login does not hold."""
