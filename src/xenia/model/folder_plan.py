"""A folder of guest files against what is defined and what runs: what apply would do, file by file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xenia.model.complaint import Complaint
from xenia.model.live import Difference


class Outcome(StrEnum):
    CREATED = "created"
    """The file is new; its domain is defined, and not started."""
    CHANGED_NOW = "changed now"
    """All that is different takes effect at once."""
    CHANGED_LATER = "changed at next start"
    REFUSED = "refused"
    """The file cannot be used. Nothing at all is applied while one is refused that would be written."""
    REMOVED = "removed"
    UNTOUCHED = "untouched"


@dataclass(frozen=True, slots=True)
class Row:
    """One file, by its name in the folder. `domain` is the one that it defines, or "". `written` tells that apply gives
    the file another content, or removes it. `differences` are against the domain that runs, or else against the file
    that there is.
    """

    file: str
    domain: str
    outcome: Outcome
    written: bool = False
    note: str = ""
    differences: tuple[Difference, ...] = ()
    complaints: tuple[Complaint, ...] = ()


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """`folder` is where the files come from; "" for /etc/xen itself, against what runs. `digest` names this plan: it is
    another one when a file or a domain has changed since.
    """

    folder: str
    digest: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Write:
    """What an apply makes of one file. None: there is no such file."""

    file: str
    before: bytes | None
    after: bytes | None
    mode: int = 0o600
