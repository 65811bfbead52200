"""The page docs/reference/settings.md: every setting of xend, and every variable of the Univention registry.

Made of the table of settings. `scripts/write-reference` writes it; a test says when it is stale.
"""

from __future__ import annotations

from xenia.settings.old_variables import FATES
from xenia.settings.settings import SETTINGS, Setting

_HEAD = """\
# The settings of xend

What may stand in `etc/xen/xend.toml` below xend's root, and which variable of the Univention registry (UCR) holds where
it does not stand there. This page is made from the table in src/xenia/settings/settings.py. Do not write in it:
`scripts/write-reference` does. `xm config settings` shows them as they are on a host, and where each comes from.

A name with a dot is a key in a table: `bridge.interface` is `interface` below `[bridge]`.

| setting | takes | default | meaning | has effect | in UCR |
| --- | --- | --- | --- | --- | --- |"""

_OLD = """
## Variables of old

Variables of the registry that xend of Univention Corporate Server, or what was around it, read. Here they are no
settings. `xm config settings` lists those that are set.

| variable | what becomes of it |
| --- | --- |"""


def page() -> str:
    """The page, in Markdown."""
    old = (f"| `{name}` | {_cell(fate)} |" for name, fate in FATES.items())
    return "\n".join([_HEAD, *map(_row, SETTINGS.values()), _OLD, *old, ""])


def default_of(row: Setting) -> str:
    """As it is written in xend.toml."""
    return '["ROOT/var/lib/xen"]' if row.default is None else row.kind.to_toml(row.default)


def _row(row: Setting) -> str:
    variable = f"`{row.variable}`" if row.variable else ""
    cells = (f"`{row.name}`", row.kind.takes, f"`{default_of(row)}`", row.meaning, row.effect, variable)
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
