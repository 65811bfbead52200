"""The table of keys as text: the page docs/reference/guest-file.md, and the data from which xm explains keys.

`scripts/write-reference` writes both; a test says when they are stale.
"""

from __future__ import annotations

import json

from xenia.guestfile.keys import CHAPTERS, Dialect, Effect, Fate, Key

_HEAD = """\
# The keys of guest files

Every word that may stand left of `=` in a guest file: those of xm (Xen 3.0 to 4.4), of xl (xl.cfg of Xen 4.17), and a
few of Xenia's own, which xm and xl pass over. Both dialects may use all of them. This page is made from the table in
src/xenia/guestfile/keys. Do not write in it: `scripts/write-reference` does.

What becomes of a key on an engine:

- **yes**: it is honoured.
- **translated**: it is honoured in another form.
- **no**: it has no effect, for the reason that stands there. `xm config check` says so of each that a file has.

`xm config keys KEY` shows the same on a terminal. A flag is 0 or 1 (True, False, 'yes' and 'no' are understood). Text
may stand in single or double quotes. A list of one may be written as its text.
"""
_OF = {Dialect.XM: "xm", Dialect.XL: "xl", Dialect.BOTH: "xm, xl", Dialect.XENIA: "Xenia"}
_WORDS = {Effect.HONOURED: "yes", Effect.TRANSLATED: "translated", Effect.IGNORED: "no"}


def page() -> str:
    """The page, in Markdown."""
    lines = [_HEAD]
    for chapter, keys in CHAPTERS.items():
        lines += [f"## {chapter}\n", "| key | takes | default | meaning | on QEMU | on Xen | example | of |"]
        lines += ["| --- " * 8 + "|", *map(_row, keys), ""]
    return "\n".join(lines)


def data() -> str:
    """One JSON object: chapters, each with its keys in order; the members are texts, as people read them."""
    chapters = {chapter: [_members(key) for key in keys] for chapter, keys in CHAPTERS.items()}
    return json.dumps(chapters, indent=1, ensure_ascii=True) + "\n"


def _members(key: Key) -> dict[str, str]:
    return {
        "name": key.name,
        "takes": key.takes,
        "default": _default(key),
        "meaning": key.meaning,
        "qemu": _fate(key.qemu),
        "xen": _fate(key.xen),
        "example": key.example,
        "of": _OF[key.dialect],
    }


def _row(key: Key) -> str:
    members = _members(key)
    cells = [members[name] for name in ("takes", "default", "meaning", "qemu", "xen")]
    escaped = [cell.replace("|", "\\|") for cell in cells]
    return f"| `{key.name}` | {' | '.join(escaped)} | `{key.example}` | {members['of']} |"


def _default(key: Key) -> str:
    """ "" for none."""
    if key.default is None or key.default in ((), ""):
        return ""
    return str(int(key.default)) if isinstance(key.default, bool) else str(key.default)


def _fate(fate: Fate) -> str:
    word = _WORDS[fate.effect]
    return f"{word}: {fate.reason}" if fate.reason else word
