"""The table of the commands of xm network."""

from __future__ import annotations

from xenia.cli.commands import Entry

TABLE = (
    Entry("Looking", "list", "network.show", "List the networks and the bridges of this host", ("ls",)),
    Entry("Looking", "show", "network.show", "Show one network: its definition, its guests, its leases"),
    Entry("Looking", "plan", "network.plan", "Show what the definitions would change on the host"),
    Entry("Changing", "create", "network.create", "Define a network and make it"),
    Entry("Changing", "edit", "network.edit", "Change the definition of a network and apply it"),
    Entry("Changing", "delete", "network.edit", "Remove a network and its definition", ("rm",)),
    Entry("Changing", "apply", "network.plan", "Make the host what the definitions say"),
    Entry("The host's bridge", "bridge", "network.bridge", "Show the bridge of the host, or put it over its card"),
    Entry("The host's bridge", "confirm", "network.bridge", "Say that the host is reached over its bridge"),
)
