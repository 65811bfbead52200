"""Who may come over the network, and as what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xenia.lib.aio import to_end
from xenia.model.caller import Role

_KEPT_SECONDS = 30.0
"""A directory is asked again after that: so long somebody may stay what they are no more."""
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Admitted:
    """Users by name, and groups with an `@` in front, of each role."""

    administrators: tuple[str, ...]
    operators: tuple[str, ...]
    viewers: tuple[str, ...]

    def role_of(self, user: str, groups: frozenset[str]) -> Role | None:
        """The highest that they have."""
        names = {user, *(f"@{group}" for group in groups)}
        for role, people in (
            (Role.ADMINISTRATOR, self.administrators),
            (Role.OPERATOR, self.operators),
            (Role.VIEWER, self.viewers),
        ):
            if not names.isdisjoint(people):
                return role
        return None


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

    async def role_of(self, user: str) -> Role | None:
        """What `user` may be; None for one who may not come in or is no user of this host any more."""
        if user == self._own:
            return Role.ADMINISTRATOR
        groups = await self._groups(user)
        return None if groups is None else self.admitted.role_of(user, groups)

    async def _groups(self, user: str) -> frozenset[str] | None:
        now = self._clock()
        asked, groups = self._known.get(user, (0.0, None))
        if not asked <= now < asked + _KEPT_SECONDS:
            groups = await to_end(self._groups_of, user)
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[user] = (now, groups)
        return groups
