"""A boot menu, whatever it is written in: entries, which one is the default, and how one is named."""

from __future__ import annotations

from dataclasses import dataclass

MOST_ENTRIES = 500


@dataclass(frozen=True, slots=True)
class Step:
    """One level of the way to an entry: its position among its siblings from 0, its title, and its id or ""."""

    position: int
    title: str
    id: str = ""

    def called(self, word: str) -> bool:
        return word in (str(self.position), self.title) or (word != "" and word == self.id)


@dataclass(frozen=True, slots=True)
class Entry:
    """`trail` leads to it through submenus; its last step is the entry itself.

    `kernel` and `ramdisks` are paths, with a device of the boot loader's in front where one is written
    (`(hd0,msdos1)/vmlinuz`); "" where the entry starts no kernel. `root` says where they lie: a device of the boot
    loader's (`hd0,0`), `UUID=...`, `LABEL=...` or `FILE=...`; "" where nothing is said. `legacy`: its devices count
    partitions from 0.
    """

    trail: tuple[Step, ...]
    kernel: str = ""
    ramdisks: tuple[str, ...] = ()
    arguments: str = ""
    root: str = ""
    legacy: bool = False

    @property
    def title(self) -> str:
        return self.trail[-1].title


@dataclass(frozen=True, slots=True)
class Menu:
    """`default` and `fallbacks` name entries as the boot loader does: a number, a title, an id, or a way of them with
    `>` between; "" for the first."""

    entries: tuple[Entry, ...]
    default: str = ""
    fallbacks: tuple[str, ...] = ()

    def chosen(self, wanted: str | None) -> list[Entry]:
        """The entry to boot and, where the menu itself chooses, those to boot when it cannot be; empty where `wanted`
        (a number in reading order from 0, or a name) is none of this menu.

        A default that does not exist is the first entry, as in GRUB and pygrub.
        """
        if wanted is not None:
            if wanted.isdecimal():
                number = int(wanted) if len(wanted) < 6 else MOST_ENTRIES
                return list(self.entries[number : number + 1])
            found = self._named(wanted)
            return [found] if found else []
        first = self._named(self.default) or self.entries[0]
        return [first, *(entry for word in self.fallbacks if (entry := self._named(word)))]

    def _named(self, word: str) -> Entry | None:
        for entry in self.entries:
            if entry.trail[-1].title == word or (word and entry.trail[-1].id == word):
                return entry
        words = word.split(">")
        for entry in self.entries:
            steps = entry.trail[: len(words)]
            if len(steps) == len(words) and all(step.called(each) for step, each in zip(steps, words, strict=True)):
                return entry
        return None


def without_placeholder(arguments: str) -> str:
    """The kernel's words behind a Xen entry's `module`: GRUB 2 puts a first word there that Xen drops."""
    return arguments.removeprefix("placeholder").strip() if arguments.startswith("placeholder ") else arguments
