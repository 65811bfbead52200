"""A guest file, explained line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig

REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """What one key (`memory`) or item of a list (`disk[0]`) became. `line` and `column` count from 1; 0 for a word of
    the command line.

    `meaning` is that of its key. `effect` is `honoured`, `translated` or `ignored` with the `reason`, or `refused`
    where the value is an error; it is "" for a name that is no key. `remarks` are what was said about its value.
    """

    line: int
    column: int
    key: str
    value: Any
    meaning: str
    effect: str
    reason: str
    remarks: tuple[Complaint, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """`config` is None where the file has no meaning. `remarks` are those about no line of the file; `rendered` is the
    engine's own form, "" where there is none; `assumed` what was taken for granted about a host that was not asked.
    """

    engine: str
    config: DomainConfig | None
    lines: tuple[ExplainedLine, ...]
    remarks: tuple[Complaint, ...]
    rendered: str
    assumed: tuple[str, ...]
