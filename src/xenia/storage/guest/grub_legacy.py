"""menu.lst and grub.conf: the menu of GRUB before version 2 (GRUB Legacy manual 0.97, chapter "Commands")."""

from __future__ import annotations

import re

from xenia.storage.guest.menu import MOST_ENTRIES, Entry, Menu, Step, without_placeholder

_LINE = re.compile(r"\s*(?P<word>[A-Za-z]+)(?:\s*=\s*|\s+|$)(?P<rest>.*)")


def parse_legacy(text: str, saved: str = "") -> Menu:
    """The menu in `text`. `saved` is the first line of the file `default` beside it, for `default saved`."""
    default, fallbacks = "", ""
    sections: list[tuple[str, list[tuple[str, str]]]] = []
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        word, rest = match["word"].lower(), match["rest"].strip()
        if word == "title":
            if len(sections) == MOST_ENTRIES:
                break
            sections.append((rest, []))
        elif sections:
            sections[-1][1].append((word, rest))
        elif word == "default":
            default = saved if rest == "saved" else rest
        elif word == "fallback":
            fallbacks = rest
    entries = (_entry(Step(number, title), lines) for number, (title, lines) in enumerate(sections))
    return Menu(tuple(entries), default, tuple(fallbacks.split()))


def _entry(step: Step, lines: list[tuple[str, str]]) -> Entry:
    kernel = arguments = root = ""
    ramdisks: list[str] = []
    modules: list[tuple[str, str]] = []
    for word, rest in lines:
        if word == "kernel":
            kernel, arguments = _kernel(rest)
        elif word == "initrd":
            ramdisks = rest.split()
        elif word in ("module", "modulenounzip"):
            path, _, words = rest.partition(" ")
            modules.append((path, words.strip()))
        elif word in ("root", "rootnoverify"):
            root = rest.split(" ")[0].strip("()")
        elif word == "uuid":
            root = f"UUID={rest}"
    if modules:
        # The kernel of such an entry is the hypervisor; the guest's own is the first module.
        kernel, arguments = modules[0][0], without_placeholder(modules[0][1])
        ramdisks = [path for path, _ in modules[1:2]]
    return Entry((step,), kernel, tuple(ramdisks), arguments, root, legacy=True)


def _kernel(rest: str) -> tuple[str, str]:
    words = rest.split()
    while words and words[0].startswith("--"):
        del words[0]
    return (words[0], " ".join(words[1:])) if words else ("", "")
