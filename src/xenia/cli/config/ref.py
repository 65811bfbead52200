"""How a guest file of the host is named: by the domain that it defines, by its file name, or by its path."""

from __future__ import annotations

import os

from xenia.client.errors import not_found, usage
from xenia.client.http import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from typing import Any

    from xenia.cli.command import Context


def add_ref(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a domain, or its file in /etc/xen")


def guest_file_path(context: Context, name: str) -> str:
    """The route of the guest file that `name` means. Raises ClientError for a path outside of /etc/xen."""
    if not name:
        raise usage("the name of a guest file may not be empty", "xm list --all shows the names")
    if "/" in name:
        folder, _, name_alone = os.path.abspath(name).rpartition("/")  # noqa: PTH100  # as it is written, links and all
        if folder != os.path.abspath(context.guest_files):  # noqa: PTH100
            raise not_found(
                f"{name} does not lie in {context.guest_files}, and xend keeps only what does", f"edit {name} itself"
            )
        name = name_alone
    return f"/guest-files/{quote(name)}"


def difference_rows(differences: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Key, what changes, and when, for a table."""
    from xenia.lib.text import printable

    rows = []
    for each in differences:
        wanted, running = printable(each["wanted"]), printable(each["running"])
        change = f"{running} -> {wanted}" if wanted and running else f"+ {wanted}" if wanted else f"- {running}"
        rows.append((each["key"], change, "now, by xm apply" if each["when"] == "now" else each["when"]))
    return rows
