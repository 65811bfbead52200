"""The table of the commands of xm config."""

from __future__ import annotations

from xenia.cli.commands import Entry

TABLE = (Entry("Any guest file", "check", "config.check", "Say what is wrong with guest files, and where"),)
