"""The host's CPUs that a guest may use: a text is one set for all virtual CPUs, a list has one set for each (xl.cfg(5),
cpus; xm's xmexample1).
"""

from __future__ import annotations

import re

from xenia.guestfile.given import Given

ANY_CPU = "all"

_WORD = r"\^?(?:nodes?:)?(?:[0-9]{1,9}(?:-[0-9]{1,9})?|all)"
_SET = re.compile(rf"[\s,]*{_WORD}(?:[\s,]+{_WORD})*[\s,]*")
_HINT = "cpus = '0-3,^1' is one set for all virtual CPUs, cpus = ['2', '3-4'] has one for each"


def read_cpus(given: Given, vcpus: int, most: int) -> tuple[str | None, tuple[str, ...]]:
    """The set for all virtual CPUs, and the sets of one virtual CPU each, as in DomainConfig. The guest starts with
    `vcpus` of them, `most` is how many it can have.
    """
    if not given.has("cpus"):
        first = given.number("cpu")
        return None, () if first is None or first < 0 else (str(first),)
    value = given.raw("cpus")
    if isinstance(value, list):
        return None, _of_each(given, [str(item).strip() for item in value], vcpus, most)
    text = str(value).strip()
    if text and not _SET.fullmatch(text):
        given.error("cpus", f"{text} names no CPUs", _HINT)
    return text or None, ()


def _of_each(given: Given, items: list[str], vcpus: int, most: int) -> tuple[str, ...]:
    if not any(items):
        return ()
    if len(items) > most:
        given.warn(
            f"cpus[{most}]",
            f"cpus has {len(items)} items, one for each virtual CPU, and there are {most}: the others have no effect",
            f"vcpus = {len(items)}",
        )
    elif len(items) < vcpus:
        given.warn(
            "cpus",
            f"cpus has one item for each virtual CPU, and {len(items)} for {vcpus}: the others run on all CPUs",
            f"cpus = '{','.join(items)}' is one set for all virtual CPUs",
        )
    return tuple(_of_one(given, number, item) for number, item in enumerate(items[:most]))


def _of_one(given: Given, number: int, item: str) -> str:
    key = f"cpus[{number}]"
    if item and not _SET.fullmatch(item):
        given.error(key, f"{item} names no CPUs", _HINT)
    elif all(word.startswith("^") for word in item.replace(",", " ").split()):
        given.warn(key, f"'{item}' leaves no CPU: virtual CPU {number} runs on all", _HINT)
        return ANY_CPU
    return item
