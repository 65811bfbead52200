"""A guest file of the host, and its earlier versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xenia.model.complaint import Complaint
from xenia.model.domain import DomainConfig
from xenia.model.live import Difference


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


@dataclass(frozen=True, slots=True)
class Shown:
    """A guest file as it is: `text` with its `etag`. `domain` is the name of the domain that it defines, or "";
    `values` are the values by key. `complaints` are what is to be said of it.
    """

    file: str
    etag: str
    text: str
    domain: str
    values: dict[str, Any]
    complaints: tuple[Complaint, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """What a change of a guest file came to. `changed` is False where it was so already; `version` numbers the content
    that it has now. `pending` is in what its domain, which runs, is not as the file wants it.
    """

    file: str
    etag: str
    changed: bool
    version: int
    domain: str = ""
    notes: tuple[str, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    pending: tuple[Difference, ...] = ()
