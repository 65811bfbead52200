"""A guest file of the host, and its earlier versions."""

from __future__ import annotations

from dataclasses import dataclass

from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig


@dataclass(frozen=True, slots=True)
class GuestFile:
    """What lies in `etc/xen` under `file`, an absolute path. `etag` names its content; it is "" where that cannot be
    read. `config` is None for a file that defines no domain; `errors` say why.
    """

    file: str
    etag: str = ""
    config: DomainConfig | None = None
    errors: tuple[Complaint, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """One content that a guest file had. `at` is when that was seen, in seconds since the epoch; `who` the user who
    changed it through xend, or "" where it was changed otherwise; `what` says how. `etag` is "" where the file was
    removed. `size` is in bytes.
    """

    number: int
    at: float
    who: str
    what: str
    etag: str
    size: int
