"""Who may come over the network, and as what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from xenia.lib.aio import to_end
from xenia.model.grant import Grant
from xenia.model.issuer import Vouched
from xenia.model.role import Role

_KEPT_SECONDS = 30.0
"""A directory is asked again after that: so long somebody may stay what they are no more."""
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Rights:
    """`role` on the whole host, and `grants` that give more on some domains. `by` is the user or the @group of the
    settings that gives the role; "" where nothing in there does.
    """

    role: Role
    grants: tuple[Grant, ...] = ()
    by: str = field(default="", compare=False)

    @property
    def highest(self) -> Role:
        """The most that they give anywhere."""
        return max(self.role, *(grant.role for grant in self.grants), Role.NONE)

    def up_to(self, most: Role) -> Rights:
        """Those of them that go no further than `most`, without the grants that give nothing more than the role."""
        role = min(self.role, most)
        capped = (replace(grant, role=min(grant.role, most)) for grant in self.grants)
        return Rights(role, tuple(grant for grant in capped if grant.role > role), self.by)


@dataclass(frozen=True, slots=True)
class Admitted:
    """Users by name, and groups with an `@` in front, of each role; and the grants of all of them. `issuer` is the one
    that may vouch for some, "" where there is none.
    """

    administrators: tuple[str, ...]
    operators: tuple[str, ...]
    viewers: tuple[str, ...]
    grants: tuple[Grant, ...] = ()
    issuer: str = ""

    def rights_of(self, user: str, groups: frozenset[str]) -> Rights | None:
        """The highest role that they have, and their grants; None where they have none."""
        names = {user, *(f"@{group}" for group in groups)}
        role, by = self._role_of(names)
        rights = Rights(role, tuple(grant for grant in self.grants if grant.who in names), by)
        return rights.up_to(Role.ADMINISTRATOR) if rights.highest > Role.NONE else None

    def _role_of(self, names: set[str]) -> tuple[Role, str]:
        for role, people in (
            (Role.ADMINISTRATOR, self.administrators),
            (Role.OPERATOR, self.operators),
            (Role.VIEWER, self.viewers),
        ):
            if by := next((each for each in people if each in names), ""):
                return role, by
        return Role.NONE, ""


class People:
    """`admitted` may be put anew at any time. `groups_of` asks the host; `own` is the user of a xend that is
    not root's, who needs nobody's leave; None where it is: root comes in as the settings say.
    """

    def __init__(
        self,
        admitted: Admitted,
        groups_of: Callable[[str], frozenset[str] | None],
        own: str | None,
        clock: Callable[[], float],
    ) -> None:
        self.admitted = admitted
        self._groups_of = groups_of
        self._own = own
        self._clock = clock
        self._known: dict[str, tuple[float, frozenset[str] | None]] = {}

    async def rights_of(self, user: str, vouched: Vouched | None = None) -> Rights | None:
        """What `user` may be; None for one who may not come in or is no user of this host any more. Who was `vouched`
        for by an issuer is in the groups that it has told, for as long as it is the one of the settings.
        """
        if vouched is not None:
            known = bool(vouched.issuer) and vouched.issuer == self.admitted.issuer
            return self.admitted.rights_of(user, frozenset(vouched.groups)) if known else None
        if user == self._own:
            return Rights(Role.ADMINISTRATOR)
        groups = await self._groups(user)
        return None if groups is None else self.admitted.rights_of(user, groups)

    async def _groups(self, user: str) -> frozenset[str] | None:
        now = self._clock()
        asked, groups = self._known.get(user, (0.0, None))
        if not asked <= now < asked + _KEPT_SECONDS:
            groups = await to_end(self._groups_of, user)
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[user] = (now, groups)
        return groups
