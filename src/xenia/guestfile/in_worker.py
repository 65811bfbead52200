"""Reading guest files and libvirt's XML in the worker: the functions that xend calls there."""

from __future__ import annotations

from typing import Any

from xenia.guestfile.libvirt.read import read_libvirt
from xenia.guestfile.read import read
from xenia.lib.codec import to_plain


def read_guest_file(arguments: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """`{text, file, overrides}` → the Reading as plain data, for `codec.from_plain(Reading, ...)`. Takes no
    descriptors.
    """
    del descriptors
    reading = read(arguments["text"], file=arguments["file"], overrides=arguments.get("overrides", ()))
    plain: dict[str, Any] = to_plain(reading)
    return plain


def read_domain_xml(arguments: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """As read_guest_file, of libvirt's domain XML."""
    del descriptors
    reading = read_libvirt(arguments["text"], file=arguments["file"], overrides=arguments.get("overrides", ()))
    plain: dict[str, Any] = to_plain(reading)
    return plain
