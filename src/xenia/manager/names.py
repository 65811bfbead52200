"""Which domain a word means: an id, a name, a UUID, or a unique prefix of a name or UUID."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from xenia.model.domain import Domain
from xenia.model.errors import invalid, not_found


def resolve(ref: str, domains: Iterable[Domain]) -> Domain:
    """The domain that `ref` names. An id goes before a name, as in xm; whole words go before prefixes.

    Raises not_found with the nearest names, or invalid with the candidates of an ambiguous prefix.
    """
    known = list(domains)
    word = ref.lower()
    for exact in (
        [each for each in known if ref.isdecimal() and each.domid == int(ref)],
        [each for each in known if each.name == ref],
        [each for each in known if each.uuid.lower() == word],
    ):
        if exact:
            return exact[0]
    matches = [each for each in known if ref and (each.name.startswith(ref) or _is_uuid_prefix(word, each.uuid))]
    if len(matches) == 1:
        return matches[0]
    if matches:
        names = ", ".join(sorted(each.name for each in matches))
        raise invalid(f"'{ref}' could be any of: {names}", "type more of the name")
    near = difflib.get_close_matches(ref, [each.name for each in known], n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else "xm list --all shows all domains"
    raise not_found(f"there is no domain '{ref}'", hint)


def _is_uuid_prefix(word: str, uuid: str) -> bool:
    """At least four characters, so that a short word is never taken for a UUID."""
    return len(word) >= 4 and uuid.lower().startswith(word)
