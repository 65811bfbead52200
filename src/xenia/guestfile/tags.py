"""Tags: words by which people, lists and rights take domains together."""

from __future__ import annotations

import re

from xenia.guestfile.given import Given
from xenia.guestfile.text import printable

MOST = 32
TAG = re.compile(r"[A-Za-z0-9_.\-]{1,64}", re.ASCII)
_HINT = "a tag has up to 64 letters, digits and - _ . without blanks"


def read_tags(given: Given) -> tuple[str, ...]:
    """In the order of the file, each once."""
    tags = dict.fromkeys(given.items("tags"))
    for index, tag in enumerate(given.items("tags")):
        if not TAG.fullmatch(tag):
            given.error(f"tags[{index}]", f"'{printable(tag[:80])}' cannot be a tag", _HINT)
    if len(tags) > MOST:
        given.error("tags", f"a domain has up to {MOST} tags, not {len(tags)}")
    return tuple(tags)
