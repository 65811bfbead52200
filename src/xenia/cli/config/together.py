"""Guest files that are checked together: what only one domain may have, and two of them claim."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Claim = dict[str, Any]
    Holder = tuple[dict[str, Any], Claim]


def compare(checked: Iterable[dict[str, Any]]) -> None:
    """Add to the complaints of each answer of POST /check those about what a file before it claims as well.

    What xend has found already, as it knows one of the two files as a neighbour, is not told twice.
    """
    holders: dict[tuple[str, str], Holder] = {}
    for answer in checked:
        found: list[dict[str, Any]] = []
        for claim in answer["claims"]:
            other, _ = holders.setdefault((_kind(claim), claim["value"]), (answer, claim))
            if other["file"] != answer["file"] and not _is_told(answer, claim, other["file"]):
                found += _complaints(answer, claim, other)
        answer["complaints"] = sorted([*answer["complaints"], *found], key=lambda each: (each["line"], each["column"]))


def _kind(claim: Claim) -> str:
    """`vif` for every card."""
    kind: str = claim["key"].partition("[")[0]
    return kind


def _is_told(answer: dict[str, Any], claim: Claim, file: str) -> bool:
    return any(each["key"] == claim["key"] and file in each["message"] for each in answer["complaints"])


def _complaints(answer: dict[str, Any], claim: Claim, other: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """In the words of xend. Two files of one domain share all they have: only their name is told of."""
    kind, value, file = _kind(claim), claim["value"], other["file"]
    if kind == "name":
        message = f"the name '{value}' is that of {file} too: both define one domain, which runs once"
        yield {**_at(answer, claim), "severity": "note", "message": message, "hint": None}
    elif answer["name"] == other["name"]:
        return
    elif kind == "uuid":
        message = f"the UUID {value} is that of {file} too, whose name is '{other['name']}'"
        hint = "leave uuid out: one is made and kept"
        yield {**_at(answer, claim), "severity": "warning", "message": message, "hint": hint}
    else:
        message = f"the address {value} is that of a card of {file} too"
        hint = "leave mac out: one that is free is made and kept"
        yield {**_at(answer, claim), "severity": "warning", "message": message, "hint": hint}


def _at(answer: dict[str, Any], claim: Claim) -> dict[str, Any]:
    return {"file": answer["file"], **{name: claim[name] for name in ("key", "line", "column", "text")}}
