"""The table of the commands of xm network."""

from __future__ import annotations

from xenia.cli.commands import Entry

TABLE = (
    Entry("The host's bridge", "bridge", "network.bridge", "Show the bridge of the host, or put it over its card"),
    Entry("The host's bridge", "confirm", "network.bridge", "Say that the host is reached over its bridge"),
)
