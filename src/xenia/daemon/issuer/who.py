"""The user of this host's words that the issuer's claims name. Without I/O."""

from __future__ import annotations

from typing import Any, TypeGuard

from xenia.daemon.issuer.refused import Refused
from xenia.model.issuer import PREFIX

_LONGEST = 200
_MOST_GROUPS = 1_000
_EMAIL = "email"


def user_of(claims: dict[str, Any], claim: str) -> str:
    """Their name. Raises Refused where `claim` is no name, or an address that the issuer has not verified."""
    name = _found(claims, claim)
    if not _is_name(name):
        raise Refused(f"the claim '{claim}' (oidc.user_claim) has no name of a user; there are: {_names(claims)}")
    if claim == _EMAIL and claims.get("email_verified") is not True:
        raise Refused("the issuer has not verified that mail address (email_verified)")
    return PREFIX + name


def groups_of(claims: dict[str, Any], claim: str) -> tuple[str, ...]:
    """Their groups; none where the claim is not there. What cannot be a name is none of them."""
    found = _found(claims, claim) if claim else None
    rows = found if isinstance(found, list) else [found]
    return tuple(dict.fromkeys(PREFIX + each for each in rows[:_MOST_GROUPS] if _is_name(each)))


def _found(claims: dict[str, Any], claim: str) -> Any:
    """Its value; `realm_access.roles` is also `roles` within `realm_access`."""
    if claim in claims:
        return claims[claim]
    found: Any = claims
    for word in claim.split("."):
        found = found.get(word) if isinstance(found, dict) else None
    return found


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and value.isprintable() and value == value.strip()


def _names(claims: dict[str, Any]) -> str:
    return ", ".join(sorted(name for name in claims if name.isprintable()))[:_LONGEST]
