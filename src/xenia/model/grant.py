"""A right on some domains: who has it, and on which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from xenia.model.domain import DOMAIN_0_NAME
from xenia.model.role import Role

FORM = "ROLE USER|@GROUP NAME|tag:TAG, as in: operator lisa tag:web"

_ROLES = {role.name.lower(): role for role in (Role.VIEWER, Role.OPERATOR, Role.ADMINISTRATOR)}
_TAG = "tag:"
_PATTERN = re.compile(r"[A-Za-z0-9_.:+\-*?]{1,128}", re.ASCII)
_TAG_WORD = re.compile(r"[A-Za-z0-9_.\-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Grant:
    """`who` has `role`: a user, or a group with an `@` in front. It is on the domains that have `tag`, or where that is
    "", on those whose name `pattern` fits (* and ?). Domain-0 is the host, and never one of them.
    """

    role: Role
    who: str
    pattern: str = ""
    tag: str = ""

    def on(self, name: str, tags: tuple[str, ...]) -> bool:
        """Whether it is on the domain `name` that has `tags`."""
        if name == DOMAIN_0_NAME:
            return False
        return self.tag in tags if self.tag else fnmatchcase(name, self.pattern)

    def __str__(self) -> str:
        """As it is written, without who has it."""
        return f"{self.role.name.lower()} {_TAG + self.tag if self.tag else self.pattern}"


def read_grant(text: str) -> Grant:
    """The grant that `text` writes: ROLE WHO WHERE. Blanks may be in the name of a user or group. Raises ValueError
    with what is wrong, in words.
    """
    words = text.split()
    if len(words) < 3:
        raise ValueError(f"'{text}' is no grant")
    word, who, where = words[0], " ".join(words[1:-1]), words[-1]
    if word not in _ROLES:
        raise ValueError(f"there is no role '{word}' in '{text}'")
    if not who.strip("@ "):
        raise ValueError(f"nobody is named in '{text}'")
    if where.startswith(_TAG):
        tag = where.removeprefix(_TAG)
        if not _TAG_WORD.fullmatch(tag):
            raise ValueError(f"'{tag}' cannot be a tag in '{text}'")
        return Grant(_ROLES[word], who, tag=tag)
    if not _PATTERN.fullmatch(where):
        raise ValueError(f"'{where}' cannot be the name of a domain in '{text}'")
    return Grant(_ROLES[word], who, pattern=where)
