"""Guest files and libvirt's XML, read and edited in the worker: the functions that xend calls there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from xenia.guestfile.edit.edit import edit
from xenia.guestfile.libvirt.read import read_libvirt
from xenia.guestfile.read import read
from xenia.lib.codec import from_plain, to_plain
from xenia.model.change import Change
from xenia.model.complaint import Severity
from xenia.model.errors import GuestFileError, XeniaError


def read_guest_file(arguments: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """`{text, file, overrides, definition}` → the Reading as plain data, for `codec.from_plain(Reading, ...)`. Takes no
    descriptors.

    With `definition` it is the configuration and the errors alone, which is quicker for a whole folder.
    """
    del descriptors
    reading = read(arguments["text"], file=arguments["file"], overrides=arguments.get("overrides", ()))
    if arguments.get("definition"):
        errors = tuple(each for each in reading.complaints if each.severity is Severity.ERROR)
        reading = replace(reading, complaints=errors, values={}, places={})
    plain: dict[str, Any] = to_plain(reading)
    return plain


def edit_guest_file(arguments: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """`{text, file, changes}` → `{edited}`, for `codec.from_plain(Edited, ...)`, or `{refused}` with the members of a
    GuestFileError. Takes no descriptors.
    """
    del descriptors
    changes = [from_plain(Change, change) for change in arguments["changes"]]
    try:
        return {"edited": to_plain(edit(arguments["text"], file=arguments["file"], changes=changes))}
    except XeniaError as error:
        complaints = error.complaints if isinstance(error, GuestFileError) else ()
        return {"refused": {"message": error.message, "hint": error.hint, "complaints": to_plain(complaints)}}


def read_domain_xml(arguments: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """As read_guest_file, of libvirt's domain XML."""
    del descriptors
    reading = read_libvirt(arguments["text"], file=arguments["file"], overrides=arguments.get("overrides", ()))
    plain: dict[str, Any] = to_plain(reading)
    return plain
