"""The users of this host and their groups, wherever it keeps them (nsswitch.conf(5))."""

from __future__ import annotations

import grp
import os
import pwd
from contextlib import suppress


def groups_of(user: str) -> frozenset[str] | None:
    """The names of the groups that `user` is in; None where there is no such user. May take long with a directory."""
    try:
        found = pwd.getpwnam(user)
    except (KeyError, ValueError):
        return None
    names = set()
    for gid in os.getgrouplist(user, found.pw_gid):
        with suppress(KeyError):
            names.add(grp.getgrgid(gid).gr_name)
    return frozenset(names)


def own_name() -> str:
    """The user that this process runs as."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"
