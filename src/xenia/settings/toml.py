"""xend.toml, read."""

from __future__ import annotations

import difflib
import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xenia.lib.regular import read_regular
from xenia.model.errors import XeniaError, denied, invalid
from xenia.settings.given import Given, Origin, Source
from xenia.settings.kinds import Unfit
from xenia.settings.settings import SETTINGS

LIMIT = 1 << 20
"""Bytes of the file."""

_TABLES = frozenset(name.partition(".")[0] for name in SETTINGS if "." in name)
HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(#.*)?")


def read_toml(path: Path) -> dict[str, Given]:
    """What the file gives settings, by their names; nothing when there is none.

    Raises an invalid error with file and line for what cannot be used, denied where it may not be read.
    """
    text = read_text(path)
    return check_text(text, path) if text is not None else {}


def read_text(path: Path) -> str | None:
    """The text of the file; None when there is none. Raises invalid or denied for one that cannot be read."""
    try:
        return read_regular(path, LIMIT).decode()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise denied(f"{path} cannot be read: Permission denied", "run it as its owner, or as root") from None
    except UnicodeDecodeError as error:
        raise invalid(f"{path}: byte {error.start} is not UTF-8") from None
    except OSError as error:
        raise invalid(f"{path} cannot be read: {error.strerror}") from None


def open_to_others(path: Path) -> bool:
    """Whether others than its owner may read the file."""
    try:
        return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False


def check_text(text: str, path: Path) -> dict[str, Given]:
    """As `read_toml`, of the text of the file."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise invalid(f"{path}: {error}", "the syntax is TOML: key = value, text in quotes") from None
    except RecursionError:
        raise invalid(f"{path}: it is nested too deeply") from None
    return {name: _given(name, value, text, path) for name, value in flat(document)}


def flat(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each key with its value; those of the tables we know as TABLE.KEY."""
    for key, value in document.items():
        if key in _TABLES and isinstance(value, dict):
            yield from ((f"{key}.{inner}", each) for inner, each in value.items())
        else:
            yield key, value


def _given(name: str, value: Any, text: str, path: Path) -> Given:
    line = line_of(name, text)
    place = f"{path}:{line}" if line else str(path)
    if name not in SETTINGS:
        raise _unknown(name, place)
    try:
        return Given(SETTINGS[name].kind.of_toml(value), Origin(Source.FILE, place))
    except Unfit as unfit:
        raise invalid(f"{place}: {name} {unfit.wrong}", unfit.hint) from None


def _unknown(name: str, place: str) -> XeniaError:
    return invalid(
        f"{place}: there is no setting '{name}'", meant(name) or f"the settings are: {', '.join(sorted(SETTINGS))}"
    )


def meant(name: str) -> str | None:
    """What is probably meant by a name that no setting has, as a hint; None where none is near."""
    near = difflib.get_close_matches(name, SETTINGS, n=1)
    return f"did you mean {near[0]}?" if near else None


def line_of(name: str, text: str) -> int:
    """On which line the setting `name` stands; 0 where that is not seen. For messages: a text that looks like it in a
    text over several lines may be taken for it.
    """
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        if (header := HEADER.fullmatch(line)) is not None:
            table = plain_key(header[1]) + "."
            if table == f"{name}.":
                return number
        elif table + plain_key(line.partition("=")[0]) == name and "=" in line:
            return number
    return 0


def plain_key(key: str) -> str:
    """A key without the quotes and blanks that TOML allows in it."""
    return ".".join(part.strip().strip("\"'") for part in key.split("."))
