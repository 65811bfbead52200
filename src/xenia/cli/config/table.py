"""The table of the commands of xm config."""

from __future__ import annotations

from xenia.cli.commands import Entry

TABLE = (
    Entry("Any guest file", "check", "config.check", "Say what is wrong with guest files, and where"),
    Entry("Any guest file", "explain", "config.explain", "Tell what each line became, and what the engine gets"),
    Entry("Any guest file", "convert", "config.convert", "Write a guest file for xl or xm, as JSON or libvirt XML"),
    Entry("Any guest file", "keys", "config.keys", "Tell what may stand in a guest file"),
    Entry("xend", "settings", "config.settings", "Show the settings of xend, and change them"),
    Entry("xend", "import-xend", "config.old_config", "Take over the settings of xend of old"),
    Entry("Guest files in /etc/xen", "show", "config.show", "Show a guest file, or a domain as it runs"),
    Entry("Guest files in /etc/xen", "diff", "config.diff", "Compare a domain that runs with its guest file"),
    Entry("Guest files in /etc/xen", "set", "config.edit", "Give keys a value, where they stand"),
    Entry("Guest files in /etc/xen", "unset", "config.edit", "Take keys out"),
    Entry("Guest files in /etc/xen", "add", "config.edit", "Add a disk, a card or another item of a list"),
    Entry("Guest files in /etc/xen", "remove", "config.edit", "Take an item out of a list", ("rm",)),
    Entry("Guest files in /etc/xen", "history", "config.history", "List the versions of a guest file", ("log",)),
    Entry("Guest files in /etc/xen", "revert", "config.history", "Bring an earlier version back"),
)
