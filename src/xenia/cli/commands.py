"""The table of commands, and how a word of the user is found in it."""

from __future__ import annotations

from xenia.client.errors import ClientError, usage


class Entry:
    """One row: `module` below xenia.cli holds the command in its `COMMANDS`; `summary` is its line in `xm help`."""

    __slots__ = ("aliases", "group", "module", "name", "summary")

    def __init__(self, group: str, name: str, module: str, summary: str, aliases: tuple[str, ...] = ()) -> None:
        self.group = group
        self.name = name
        self.module = module
        self.summary = summary
        self.aliases = aliases


TABLE = (
    Entry("Domains", "create", "create", "Start a domain from a guest file"),
    Entry("Domains", "list", "list", "List domains", ("ls",)),
    Entry("Domains", "console", "console", "Connect to the text console"),
    Entry("Domains", "shutdown", "power", "Ask the guest to shut down"),
    Entry("Domains", "reboot", "power", "Ask the guest to reboot"),
    Entry("Domains", "destroy", "power", "End a domain at once, like pulling its plug"),
    Entry("Domains", "pause", "power", "Stop the domain's CPUs; it keeps its memory"),
    Entry("Domains", "unpause", "power", "Let a paused domain run on"),
    Entry("Domains", "adopt", "adopt", "Take over a domain that others have started"),
    Entry("Names", "domid", "names", "Tell the id of a domain"),
    Entry("Names", "domname", "names", "Tell the name of a domain"),
    Entry("Host", "info", "info", "Tell about this host and its engine"),
    Entry("Help", "help", "help", "Explain xm or one command"),
)


def find(word: str) -> Entry:
    """The command that `word` names: a name, an alias or a unique prefix of a name, as in xm.

    Raises ClientError (usage) that says which commands are near.
    """
    for entry in TABLE:
        if word == entry.name or word in entry.aliases:
            return entry
    begun = [entry for entry in TABLE if word and entry.name.startswith(word)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise usage(f"'{word}' is ambiguous: {', '.join(entry.name for entry in begun)}", "write more letters of it")
    raise _unknown(word)


def _unknown(word: str) -> ClientError:
    from difflib import get_close_matches  # brings re and more, which only a mistake has to pay for

    near = get_close_matches(word, [entry.name for entry in TABLE], n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else "xm help lists the commands"
    return usage(f"there is no command '{word}'", hint)
