"""What the commands of xm disk share: paths and sizes, as they are typed and as they are shown."""

from __future__ import annotations

import os

from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from typing import Any

_SHIFTS = {"b": 0, "k": 10, "m": 20, "g": 30, "t": 40}
_UNITS = ((40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB"))

NAMES = """
A name that begins with neither / nor . is one below the folder of images (var/lib/xen); ./NAME is one in the folder
where you are."""

VOLUMES = """ A volume of LVM is named /dev/GROUP/NAME."""

SIZES = "in MiB, or with a letter: 10g, 512m, 1t"


def add_thin(parser: ArgumentParser) -> None:
    parser.add_argument("--thin", metavar="POOL", default="", help="a volume in the thin pool POOL of its group")


def add_no_wipe(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--no-wipe", action="store_true", help="leave in a thick volume what others have left there, for administrators"
    )


def image_path(word: str) -> str:
    """As xend is told of it: it does not know in which folder xm was called."""
    if word.startswith(("./", "../")) or word in (".", ".."):
        return os.path.abspath(word)  # noqa: PTH100
    return word


def size(word: str) -> int:
    """Bytes. A number alone is in MiB, as everywhere in xm; a letter says of what else it is a number."""
    digits, letter = (word[:-1], word[-1].lower()) if word[-1:].isalpha() else (word, "m")
    whole, point, part = digits.partition(".")
    if letter not in _SHIFTS or not (digits.isascii() and whole.isdigit()) or len(digits) > 18:
        raise ValueError(word)
    if point and not part.isdigit():
        raise ValueError(word)
    unit = 1 << _SHIFTS[letter]
    return int(whole) * unit + (int(part) * unit // 10 ** len(part) if part else 0)


size.__name__ = "size in MiB (or with k, m, g, t)"


def shown_size(count: int) -> str:
    """`10 GiB`, `1.5 MiB`, `0`."""
    for shift, unit in _UNITS:
        if count >= 1 << shift:
            number = f"{count / (1 << shift):.1f}".removesuffix(".0")
            return f"{number} {unit}"
    return f"{count} B" if count else "0"


def shown_group(group: dict[str, Any]) -> str:
    return f"volume group {group['name']}: {shown_size(group['free'])} of {shown_size(group['size'])} free"


def shown_pool(group: dict[str, Any], pool: dict[str, Any]) -> str:
    return (
        f"thin pool {group['name']}/{pool['name']}: {pool['data']:.1f} % of {shown_size(pool['size'])} taken, "
        f"{pool['metadata']:.1f} % of its metadata; its volumes have {shown_size(pool['promised'])}"
    )


def shown_users(users: list[dict[str, Any]]) -> str:
    """`web (xvda, runs), db (hda)`, or `-`."""
    said = (f"{each['domain']} ({each['target']}{', runs' if each['runs'] else ''})" for each in users)
    return printable(", ".join(said)) or "-"
