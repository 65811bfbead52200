"""What can be the name of a domain."""

from __future__ import annotations

import re

from xenia.model.domain import DOMAIN_0_NAME

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:+\-]{0,127}")
"""The letters that xend allowed, without the slash."""

TAKEN = frozenset({"save", "dump", "auto", "images", ".", ".."})
"""Folders below /var/lib/xen and /etc/xen that domains share."""


def why_unusable(name: str) -> tuple[str, str] | None:
    """Why `name` cannot be that of a domain, and what to do; None for one that can."""
    if "/" in name:
        return f"'{name}' cannot be a name: it has a / in it", "letters, digits and . _ - are fine"
    if name in TAKEN or name == DOMAIN_0_NAME:
        return f"'{name}' cannot be a name: it means something else here", "choose another one"
    if not name:
        return "the name is empty", "name = 'NAME'"
    if not NAME.fullmatch(name):
        hint = "up to 128 letters, digits and . _ - without blanks; a letter or digit first"
        return f"'{name[:140]}' cannot be a name", hint
    return None
