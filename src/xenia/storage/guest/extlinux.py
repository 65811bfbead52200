"""extlinux.conf, syslinux.cfg and isolinux.cfg (the Syslinux wiki, "Config")."""

from __future__ import annotations

import re

from xenia.storage.guest.menu import MOST_ENTRIES, Entry, Menu, Step

_INITRD = re.compile(r"(?<!\S)initrd=(\S+)\s*")


def parse_extlinux(text: str, folder: str) -> Menu:
    """The menu in `text`, which lies in `folder`: paths that do not begin with / are counted from there."""
    default, wished, menu_default = "", "", ""
    sections: list[tuple[str, dict[str, str]]] = []
    common: dict[str, str] = {}
    for line in text.splitlines():
        word, _, rest = line.strip().replace("\t", " ").partition(" ")
        word, rest = word.lower(), rest.strip()
        if word == "label":
            if len(sections) == MOST_ENTRIES:
                break
            sections.append((rest, {}))
        elif word == "default" and not sections:
            default = rest
        elif word == "ontimeout":
            wished = rest
        elif word == "menu" and sections:
            second, _, value = rest.partition(" ")
            if second.lower() == "label":
                sections[-1][1]["title"] = value.strip().replace("^", "")
            elif second.lower() == "default":
                menu_default = sections[-1][0]
        else:
            (sections[-1][1] if sections else common)[word] = rest
    entries = tuple(
        _entry(Step(number, fields.get("title", label), label), common | fields, folder)
        for number, (label, fields) in enumerate(sections)
    )
    # With a menu program, DEFAULT names that program and not an entry.
    names = {label for label, _ in sections}
    first = default if default.split(" ")[0] in names else menu_default
    return Menu(entries, wished if wished in names else first.split(" ")[0] if first else "")


def _entry(step: Step, fields: dict[str, str], folder: str) -> Entry:
    kernel = fields.get("linux") or fields.get("kernel") or ""
    arguments = fields.get("append", "")
    if arguments == "-":
        arguments = ""
    ramdisks = fields.get("initrd", "").split(",")
    program = kernel.rpartition("/")[2].split(" ")[0].lower()
    if program == "mboot.c32":
        parts = [part.strip() for part in f"{arguments} ".split("--- ")]
        kernel, _, arguments = (parts[1] if len(parts) > 1 else "").partition(" ")
        ramdisks = parts[2].split(" ")[:1] if len(parts) > 2 else []
    elif program.endswith((".c32", ".bin", ".bss")):
        kernel = ""
    if named := _INITRD.search(arguments):
        ramdisks = ramdisks if fields.get("initrd") else named[1].split(",")
        arguments = _INITRD.sub("", arguments)
    kernel, _, words = kernel.partition(" ")
    return Entry(
        (step,),
        _absolute(kernel, folder),
        tuple(_absolute(path.strip(), folder) for path in ramdisks if path.strip()),
        f"{words} {arguments}".strip(),
    )


def _absolute(path: str, folder: str) -> str:
    return path if not path or path.startswith("/") else f"{folder.rstrip('/')}/{path}"
