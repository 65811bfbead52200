"""The VLANs of a card: those of `vlan=` (xl-network-configuration(5)), and those in the name of an Open vSwitch bridge
(vif-openvswitch).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LAST = 4094
_TERM = re.compile(r"(\d{1,4})(?:-(\d{1,4})|\+(\d{1,4})x(\d{1,4}))?([pu]?)")
_SWITCH = re.compile(r"([^.:]+)(?:\.(\d{1,4}))?(?::([0-9:-]+))?")


@dataclass(frozen=True, slots=True)
class Vlans:
    """`native` is that of the frames without a tag, 0 for none; frames of the `tagged` ones have their tag. Those of
    the `bare` ones leave without one.
    """

    native: int = 0
    tagged: tuple[int, ...] = ()
    bare: tuple[int, ...] = ()


def read_vlans(text: str) -> Vlans | None:
    """`10`, `10p/20/100-110`, `10p/100+10x4`; None for what is none of these. Several have one that is native (`p`)."""
    native: list[int] = []
    tagged: set[int] = set()
    bare: set[int] = set()
    terms = text.split("/")
    for term in terms:
        found = _TERM.fullmatch(term.strip())
        if found is None:
            return None
        numbers = _numbers(found)
        mark = found[5] or ("p" if len(terms) == 1 and len(numbers) == 1 else "")
        if not numbers or (mark == "p" and len(numbers) > 1):
            return None
        if mark == "p":
            native += numbers
        else:
            (bare if mark == "u" else tagged).update(numbers)
    if len(native) != 1 or tagged & bare or native[0] in tagged | bare:
        return None
    return Vlans(native[0], tuple(sorted(tagged)), tuple(sorted(bare)))


def _numbers(term: re.Match[str]) -> range:
    """Those of a term; none where they are no VLANs."""
    first = int(term[1])
    numbers = range(first, first + 1)
    if term[2]:
        numbers = range(first, int(term[2]) + 1)
    elif term[3]:
        step, more = int(term[3]), int(term[4])
        numbers = range(first, first + step * more + 1, step or _LAST + 1)
    return numbers if numbers and numbers[0] >= 1 and numbers[-1] <= _LAST else range(0)


def read_switch(bridge: str) -> tuple[str, Vlans] | None:
    """`ovsbr0.10:20:30-40` is the bridge ovsbr0, its VLAN 10 without a tag, and those behind it with one; None for what
    is not so.
    """
    found = _SWITCH.fullmatch(bridge)
    if found is None or not (found[2] or found[3]):
        return None
    native = int(found[2] or 0)
    tagged: set[int] = set()
    for term in found[3].split(":") if found[3] else ():
        numbers = _TERM.fullmatch(term)
        if numbers is None or not _numbers(numbers) or numbers[5]:
            return None
        tagged.update(_numbers(numbers))
    if native > _LAST or (found[2] and not native) or native in tagged:
        return None
    return found[1], Vlans(native, tuple(sorted(tagged)))
