"""Who asks: identity and rights of the other end of a request."""

from __future__ import annotations

from dataclasses import dataclass, field

from xenia.model.grant import Grant
from xenia.model.role import Role

__all__ = ["Caller", "Role"]


@dataclass(frozen=True, slots=True)
class Caller:
    """`uid` is None for who comes over the network, from `address`, with the token whose id is `token`. `role` is what
    they may on the whole host; `grants` are those that they have besides. Where something is asked of one domain,
    `role` is what they may there.
    """

    uid: int | None
    name: str
    role: Role
    address: str = ""
    token: str = ""
    grants: tuple[Grant, ...] = ()
    granted: bool = False
    """`role` is that of a grant, on the one domain that is asked for."""
    by: str = field(default="", compare=False)
    """The user or the @group of the settings that gives the role; "" where nothing in there does."""

    @property
    def administers_host(self) -> bool:
        """Whether they may all, with any file of the host; the administrator of a domain may not."""
        return self.role >= Role.ADMINISTRATOR and not self.granted

    def role_on(self, name: str, tags: tuple[str, ...]) -> Role:
        """What they may on the domain `name` that has `tags`."""
        return max(self.role, *(grant.role for grant in self.grants if grant.on(name, tags)), Role.NONE)

    @property
    def highest(self) -> Role:
        """The most that they may anywhere."""
        return max(self.role, *(grant.role for grant in self.grants), Role.NONE)
