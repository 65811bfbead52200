"""Who vouches for users besides this host: an issuer, as OpenID Connect calls it."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "oidc:"
"""What the names of its users and groups begin with here: no user of a host has a colon in their name (passwd(5))."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """As the settings have it. `secret_file` is where the secret is that this host has there, "" where it has none.
    `hosts` are those that it answers at beside its own; `authority` is a file with who vouches for its certificate, ""
    for those that the host trusts anyway. `back` is where it sends browsers back to.
    """

    url: str
    client_id: str
    secret_file: str
    scopes: str
    user_claim: str
    groups_claim: str
    hosts: tuple[str, ...]
    authority: str
    back: str


@dataclass(frozen=True, slots=True)
class Vouched:
    """What `issuer` has said of a user when they logged in: the groups that they are in, with the prefix."""

    issuer: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """A user by the name that they have here, and what was said of them."""

    user: str
    vouched: Vouched


@dataclass(frozen=True, slots=True)
class BegunLogin:
    """A login that has begun: the browser is to go to `url`. `secret` is for it alone: whoever finishes the login has
    to show it.
    """

    url: str
    secret: str
    expires: float
