"""The table of the commands of xm config."""

from __future__ import annotations

from xenia.cli.commands import Entry

TABLE = (
    Entry("Any guest file", "check", "config.check", "Say what is wrong with guest files, and where"),
    Entry("Any guest file", "explain", "config.explain", "Tell what each line became, and what the engine gets"),
    Entry("Any guest file", "convert", "config.convert", "Write a guest file for xl or xm, as JSON or libvirt XML"),
    Entry("Any guest file", "keys", "config.keys", "Tell what may stand in a guest file"),
)
