"""The table of the commands of xm snapshot."""

from __future__ import annotations

from xenia.cli.commands import Entry

TABLE = (
    Entry("Look", "list", "snapshot.list", "List the snapshots of a domain", ("ls",)),
    Entry("Look", "show", "snapshot.show", "Tell all about a snapshot"),
    Entry("Look", "diff", "snapshot.diff", "Tell what was changed since a snapshot"),
    Entry("Make and use", "create", "snapshot.create", "Make a snapshot of a domain"),
    Entry("Make and use", "revert", "snapshot.revert", "Have a domain go back to a snapshot"),
    Entry("Make and use", "warm", "snapshot.warm", "Hold clones of a snapshot ready"),
    Entry("Make and use", "delete", "snapshot.delete", "Delete snapshots of a domain", ("rm",)),
)
