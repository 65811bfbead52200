"""What the commands of xm snapshot have in common."""

from __future__ import annotations

from xenia.cli.disk.words import shown_size
from xenia.client.domains import domain_path
from xenia.client.errors import usage
from xenia.client.http import quote
from xenia.lib.text import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from typing import Any

MOMENTS = {
    "off": "it did not run",
    "crash": "as if its plug had been pulled",
    "frozen": "written out by its agent",
    "memory": "with its memory",
}


def snapshot_path(domain: str, name: str) -> str:
    """The route of a snapshot. Raises ClientError for words that can be no name."""
    if not name or "/" in name:
        raise usage(f"'{name}' can be no snapshot", f"xm snapshot list {domain}")
    return f"{domain_path(domain)}/snapshots/{quote(name)}"


def add_domain(parser: ArgumentParser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="name, id, UUID or a unique beginning")


def shown_time(seconds: float) -> str:
    """In the host's own time."""
    import time

    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def shown_warm(warm: dict[str, Any]) -> str:
    """How many clones are held ready, and why they are too few."""
    if not warm["wanted"]:
        return "none are held ready"
    so_far = f" ({printable(warm['problem'] or 'more are on the way')})" if warm["ready"] < warm["wanted"] else ""
    return f"{warm['ready']} of {warm['wanted']} are ready, in {shown_size(warm['memory'])} of memory{so_far}"


def in_tree(snapshots: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Each below the one that it was made from, with the lines that lead to it."""
    children: dict[str, list[dict[str, Any]]] = {}
    for each in snapshots:
        children.setdefault(each["parent"], []).append(each)
    rows: list[tuple[str, dict[str, Any]]] = []

    def add(parent: str, lead: str, depth: int) -> None:
        found = children.get(parent, [])
        for each in found:
            last = each is found[-1]
            branch = "" if depth == 0 else "└─ " if last else "├─ "
            rows.append((lead + branch, each))
            below = "" if depth == 0 else "   " if last else "│  "
            add(each["name"], lead + below, depth + 1)

    add("", "", 0)
    return rows
