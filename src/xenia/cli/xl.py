"""xm under the name xl: for programs that know xl, and run it by that name.

A link of that name is made by who wants it; then these words mean what they mean to xl. All else is xm's.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_GLOBAL = frozenset({"-v", "-vv", "-vvv", "-f", "-N", "-t", "-T"})
"""xl's options before the command: how much it says, and how; a start in spite of another toolstack's lock."""

_STARTED = "running,paused,shutdown,crashed,dying"
"""What xl's list shows: what has an id."""


def xm_words(words: Sequence[str]) -> list[str]:
    """The words of xl's command line, as xm takes them."""
    rest = list(words)
    while rest and rest[0] in _GLOBAL:
        rest.pop(0)
    if rest[:1] == ["list"]:
        return ["list", f"--state={_STARTED}", *("--output=xl" if _is_long(word) else word for word in rest[1:])]
    if rest[:1] == ["create"] and not {"-n", "--dryrun"}.isdisjoint(rest):
        return ["create", "--output=xl", *rest[1:]]
    return rest


def _is_long(word: str) -> bool:
    return word in ("-l", "--long")
