"""grub.cfg: the menu of GRUB 2 (GNU GRUB manual 2.06, chapters "Configuration" and "Commands")."""

from __future__ import annotations

import re
from collections.abc import Callable

from xenia.storage.guest.grub_words import Block, Word, expand, parse_blocks
from xenia.storage.guest.menu import MOST_ENTRIES, Entry, Menu, Step, without_placeholder

_ASSIGNMENT = re.compile(r"(?P<name>\w+)=(?P<value>.*)", re.DOTALL)
_LINUX = re.compile(r"linux(16|efi)?")
_INITRD = re.compile(r"initrd(16|efi)?")
_MODULE = re.compile(r"module2?")
_NOT_COMMANDS = frozenset({"then", "else", "do", "!", "if", "elif"})
_ID_OPTION = "menuentry_id_option"

LoadEntries = Callable[[dict[str, str]], list[Entry]]
"""Gives the entries of `blscfg` (Boot Loader Specification), with the variables that they may use."""


def parse_grub2(text: str, environment: dict[str, str], load_entries: LoadEntries) -> Menu:
    """The menu in `text`. `environment` is what grubenv holds. Raises Unreadable for a text beyond bounds."""
    variables = {_ID_OPTION: "--id", **environment}
    reader = _Reader(variables, load_entries)
    reader.read_level(parse_blocks(text), ())
    return Menu(tuple(reader.entries()), reader.default, tuple(variables.get("fallback", "").split()))


def parse_environment(text: str) -> dict[str, str]:
    """grubenv: lines of NAME=VALUE, filled up with # characters (manual, "The GRUB environment block")."""
    lines = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {name: value.replace("\\\\", "\\") for name, equals, value in lines if equals}


class _Reader:
    """What was read so far. Entries keep their bodies until all variables of the file are known."""

    def __init__(self, variables: dict[str, str], load_entries: LoadEntries) -> None:
        self.default = ""
        self._variables = variables
        self._load_entries = load_entries
        self._root = ""
        self._found: list[tuple[tuple[Step, ...], Block] | Entry] = []

    def read_level(self, block: Block, above: tuple[Step, ...]) -> None:
        """One menu: the file itself or a submenu. How deep they go is bounded by parse_blocks."""
        position = 0
        for words, inner in block.commands:
            said = _said(words, self._variables)
            if not said:
                continue
            if inner is not None and said[0] in ("menuentry", "submenu"):
                trail = (*above, _step(position, said[1:]))
                position += 1
                if said[0] == "submenu":
                    self.read_level(inner, trail)
                elif len(self._found) < MOST_ENTRIES:
                    self._found.append((trail, inner))
            elif said[0] == "blscfg":
                for entry in self._load_entries(self._variables):
                    step = entry.trail[-1]
                    trail = (*above, Step(position, step.title, step.id))
                    self._found.append(_moved(entry, trail))
                    position += 1
            elif inner is None:
                self._command(said)

    def _command(self, said: list[str]) -> None:
        for name, value in _assigned(said):
            if name == _ID_OPTION:
                continue
            # The branches of `if` all come by: one that sets nothing (an unused next_entry) decides nothing.
            if name == "default" and value:
                self.default = value
            self._variables[name] = value
            if name == "root":
                self._root = value.strip("()")
        if said[0] == "search":
            self._root = _searched(said[1:]) or self._root

    def entries(self) -> list[Entry]:
        return [found if isinstance(found, Entry) else self._entry(*found) for found in self._found]

    def _entry(self, trail: tuple[Step, ...], body: Block) -> Entry:
        variables = dict(self._variables)
        kernel = arguments = ""
        root = self._root
        ramdisks: list[str] = []
        modules: list[tuple[str, str]] = []
        for words, _ in body.commands:
            said = _said(words, variables)
            if not said:
                continue
            for name, value in _assigned(said):
                variables[name] = value
                # A search by UUID says more than the device that was right on the machine of the menu.
                if name == "root" and not root.startswith("UUID="):
                    root = value.strip("()")
            options = [word for word in said[1:] if not word.startswith("--")]
            if said[0] == "search":
                root = _searched(said[1:]) or root
            elif _LINUX.fullmatch(said[0]) and len(said) > 1:
                kernel, arguments = said[1], _joined(said[2:])
            elif _INITRD.fullmatch(said[0]):
                ramdisks = options
            elif _MODULE.fullmatch(said[0]) and options:
                modules.append((options[0], _joined(said[said.index(options[0]) + 1 :])))
        if not kernel and modules:
            kernel, arguments = modules[0][0], without_placeholder(modules[0][1])
            ramdisks = [path for path, _ in modules[1:2]]
        return Entry(trail, kernel, tuple(ramdisks), arguments, root)


def _said(words: list[Word], variables: dict[str, str]) -> list[str]:
    """A command without the words of a condition around it; empty where nothing is left."""
    said = expand(words, variables)
    while said and said[0] in _NOT_COMMANDS:
        del said[0]
    return said


def _step(position: int, words: list[str]) -> Step:
    """What stands behind `menuentry`: a title among options."""
    title, name = "", ""
    valued = ""
    for word in words:
        if valued:
            name = word if valued == "--id" else name
            valued = ""
        elif word.startswith("--"):
            option, equals, value = word.partition("=")
            if equals:
                name = value if option == "--id" else name
            elif option != "--unrestricted":
                valued = option
        else:
            title = title or word
    return Step(position, title, name)


def _assigned(said: list[str]) -> list[tuple[str, str]]:
    """What `set name=value` or `name=value` assigns."""
    words = said[1:] if said[0] in ("set", "export") else said[:1]
    return [(match["name"], match["value"]) for word in words if (match := _ASSIGNMENT.fullmatch(word))]


def _searched(words: list[str]) -> str:
    """Where `search --set=root` leads; "" for one that sets another variable."""
    kind = ""
    targets = []
    for word in words:
        option, _, value = word.partition("=")
        if option == "--set" and value not in ("", "root"):
            return ""
        if option in ("--fs-uuid", "-u"):
            kind = "UUID"
        elif option in ("--label", "-l"):
            kind = "LABEL"
        elif option in ("--file", "-f"):
            kind = "FILE"
        elif not word.startswith("-") and word != "root":
            targets.append(word)
    return f"{kind}={targets[-1]}" if kind and targets else ""


def _joined(words: list[str]) -> str:
    """Words of a command line as GRUB hands them on: one with blanks in it is quoted."""
    return " ".join(f'"{word}"' if " " in word else word for word in words)


def _moved(entry: Entry, trail: tuple[Step, ...]) -> Entry:
    return Entry(trail, entry.kernel, entry.ramdisks, entry.arguments, entry.root)
