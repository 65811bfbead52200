"""A guest file written in another form."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xenia.model.complaint import Complaint


class Form(StrEnum):
    """What a domain can be written as."""

    XL = "xl"
    """A guest file that xl reads as well."""
    XM = "xm"
    """A guest file in the words of xm."""
    JSON = "json"
    """The configuration, as the API tells it."""
    LIBVIRT = "libvirt"
    """Domain XML of libvirt's Xen driver."""


class SourceForm(StrEnum):
    """What can be converted."""

    GUEST_FILE = "guest-file"
    LIBVIRT = "libvirt"


@dataclass(frozen=True, slots=True)
class ConvertRequest:
    """`text`, `file` and `overrides` are those of a CreateRequest. Without a `source` the text tells what it is."""

    text: str
    to: Form
    file: str = ""
    overrides: tuple[str, ...] = ()
    source: SourceForm | None = None


@dataclass(frozen=True, slots=True)
class Converted:
    """`lost` says of each thing that the form has no word for what it was; `complaints` are about the source."""

    form: Form
    text: str
    lost: tuple[str, ...]
    complaints: tuple[Complaint, ...]
