"""What each line of a guest file became on an engine."""

from __future__ import annotations

from typing import Any

from xenia.guestfile.keys import KEYS, Effect, KeyType
from xenia.model.check import Checked
from xenia.model.complaint import Complaint, Severity
from xenia.model.explanation import REFUSED, ExplainedLine, Explanation

_NO_EFFECT = "has no effect"
"""What every remark on something that is ignored says, whoever makes it."""

_OWN_NAME = "A name that the file itself uses"


def explain(checked: Checked) -> Explanation:
    """Line by line, in the order of the file; then what is about no line."""
    lines: list[ExplainedLine] = []
    told: set[Complaint] = set()
    for name, value in checked.reading.values.items():
        for number, (item, part) in enumerate(_items(name, value)):
            about = {item, name} if number == 0 else {item}
            remarks = tuple(each for each in checked.complaints if each.key in about)
            told.update(remarks)
            lines.append(_line(checked, name, item, part, remarks))
    lines.sort(key=lambda each: (each.line, each.column))
    others = tuple(complaint for complaint in checked.complaints if complaint not in told)
    return Explanation(checked.engine, checked.config, tuple(lines), others, checked.rendered, checked.assumed)


def _items(name: str, value: Any) -> list[tuple[str, Any]]:
    """A list of devices by its items, everything else as it is."""
    if name in KEYS and KEYS[name].type is KeyType.LIST and isinstance(value, list) and value:
        return [(f"{name}[{index}]", item) for index, item in enumerate(value)]
    return [(name, value)]


def _line(checked: Checked, name: str, item: str, value: Any, remarks: tuple[Complaint, ...]) -> ExplainedLine:
    places = checked.reading.places
    place = places.get(item) or places.get(name)
    line, column = (place.line, place.column) if place is not None else (0, 0)
    key = KEYS.get(name)
    if key is None:
        return ExplainedLine(line, column, item, value, "" if remarks else _OWN_NAME, "", "", remarks)
    fate = key.on(checked.engine)
    effect, reason = fate.effect.value, fate.reason
    if any(remark.severity is Severity.ERROR for remark in remarks):
        effect, reason = REFUSED, ""
    elif fate.effect is Effect.IGNORED:
        remarks = tuple(remark for remark in remarks if reason not in remark.message)
    elif any(_NO_EFFECT in remark.message for remark in remarks):
        effect, reason = Effect.IGNORED.value, ""  # the remark says why
    return ExplainedLine(line, column, item, value, key.meaning, effect, reason, remarks)
