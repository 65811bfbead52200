"""JSON as the API writes it."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import PydanticSerializationError, to_json


def ascii_json(plain: Any) -> str:
    """Without blanks, and pure ASCII: whatever a guest has put into a name, no byte of it can act on a terminal."""
    try:
        content = to_json(plain)  # sooner than json does, but not in ASCII
    except PydanticSerializationError:  # half a character: a name that is not UTF-8 (PEP 383)
        return _escaped(plain)
    return content.decode() if content.isascii() else _escaped(plain)


def _escaped(plain: Any) -> str:
    return json.dumps(plain, separators=(",", ":"))
