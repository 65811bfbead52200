"""Which kernel a guest's image wants to boot: the configurations of boot loaders, in the order in which pygrub looks.

Source: Xen tools/pygrub, a copy older than 4.17 (partitions with the active one first; GRUB 2, then extlinux, then GRUB
legacy).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from xenia.lib.text import decode
from xenia.storage.guest.blocks import Blocks, Unreadable
from xenia.storage.guest.bls import read_entries
from xenia.storage.guest.extlinux import parse_extlinux
from xenia.storage.guest.grub2 import parse_environment, parse_grub2
from xenia.storage.guest.grub_legacy import parse_legacy
from xenia.storage.guest.menu import Entry, Menu
from xenia.storage.guest.volumes import Found, Volume, Volumes, open_volumes
from xenia.storage.loader_options import LoaderOptions

_CONFIGURATION_LIMIT = 1 << 20
_MOST_BLS_FILES = 200
_GRUB2 = ("/boot/grub/grub.cfg", "/grub/grub.cfg", "/boot/grub2/grub.cfg", "/grub2/grub.cfg")
_EXTLINUX = (
    "/boot/extlinux/extlinux.conf",
    "/boot/extlinux.conf",
    "/extlinux/extlinux.conf",
    "/extlinux.conf",
    "/boot/syslinux/syslinux.cfg",
    "/syslinux/syslinux.cfg",
    "/boot/isolinux/isolinux.cfg",
)
_LEGACY = ("/boot/grub/menu.lst", "/boot/grub/grub.conf", "/grub/menu.lst", "/grub/grub.conf")
_BLS = ("/loader/entries", "/boot/loader/entries")
_SHOWN = 12
_COPY = "copy its kernel and initrd to the host and name them there: kernel = '...' and ramdisk = '...'"


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be booted. `title` is the entry's, `source` the configuration it is from ("": the guest file)."""

    kernel: Found
    ramdisks: tuple[Found, ...]
    arguments: str
    title: str = ""
    source: str = ""


def find_boot(disk: Blocks, wanted: LoaderOptions) -> Choice:
    """Raises Unreadable, which says what was looked at and what to do."""
    volumes = open_volumes(disk, wanted.offset)
    if not volumes.readable:
        raise Unreadable(f"no file system in it can be read here: {_listed(volumes.others)}", _COPY)
    if wanted.kernel:
        return _found_by_path(volumes, wanted)
    broken: list[str] = []
    for volume in volumes.readable:
        for path, menu in _menus(volume, broken):
            if menu.entries:
                return _from_menu(volumes, volume, path, menu, wanted)
            broken.append(f"{path} in {volume.name} has no entries")
    looked = [f"{volume.name} has none" for volume in volumes.readable]
    raise Unreadable(
        f"it has no configuration of a boot loader that is known here: {_listed([*broken, *looked, *volumes.others])}",
        "name its kernel: bootargs = '--kernel=/boot/vmlinuz --ramdisk=/boot/initrd.img --args=root=/dev/xvda1'",
    )


def _menus(volume: Volume, broken: list[str]) -> Iterator[tuple[str, Menu]]:
    """The menus of one file system with their paths; those that cannot be read are added to `broken`."""
    for path in (*_GRUB2, *_EXTLINUX, *_LEGACY, *_BLS):
        try:
            if path in _BLS:
                menu = Menu(tuple(_bls(volume, {}, (path,))))
                if menu.entries:
                    yield path, menu
            elif (text := _text(volume, path)) is not None:
                yield path, _parse(volume, path, text)
        except Unreadable as error:
            broken.append(f"{path} in {volume.name} cannot be read: {error.message}")


def _parse(volume: Volume, path: str, text: str) -> Menu:
    folder = path.rpartition("/")[0]
    if path in _GRUB2:
        environment = parse_environment(_text(volume, f"{folder}/grubenv") or "")
        return parse_grub2(text, environment, lambda variables: _bls(volume, variables, _BLS))
    if path in _EXTLINUX:
        return parse_extlinux(text, folder)
    saved = (_text(volume, f"{folder}/default") or "").split("\n", 1)[0].strip()
    return parse_legacy(text, saved)


def _text(volume: Volume, path: str) -> str | None:
    found = volume.tree.file(path)
    return None if found is None else decode(volume.tree.ext.read(found, _CONFIGURATION_LIMIT))


def _bls(volume: Volume, variables: dict[str, str], folders: tuple[str, ...]) -> list[Entry]:
    files = {}
    for folder in folders:
        for name in volume.tree.names(folder)[:_MOST_BLS_FILES]:
            text = _text(volume, f"{folder}/{name}") if name.endswith(".conf") else None
            if text is not None:
                files[name.removesuffix(".conf")] = text
    return read_entries(files, variables)


def _from_menu(volumes: Volumes, volume: Volume, path: str, menu: Menu, wanted: LoaderOptions) -> Choice:
    chosen = menu.chosen(wanted.entry)
    place = f"{path} in {volume.name}"
    if not chosen:
        titles = [f"{number} {entry.title!a}" for number, entry in enumerate(menu.entries)]
        raise Unreadable(f"{place} has no entry {wanted.entry!a}: {_listed(titles)}", "name one of these: --entry=0")
    first: Unreadable | None = None
    for entry in chosen:
        try:
            return _choice(volumes, volume, place, entry, wanted)
        except Unreadable as error:
            first = first or error
    raise first or Unreadable("nothing is chosen")


def _choice(volumes: Volumes, volume: Volume, place: str, entry: Entry, wanted: LoaderOptions) -> Choice:
    if not entry.kernel:
        raise Unreadable(f"the entry {entry.title!a} of {place} starts no Linux kernel", "name another: --entry=N")
    saying = f"the entry {entry.title!a} of {place}"
    kernel = _locate(volumes, volume, entry.kernel, entry, saying)
    ramdisks = tuple(_locate(volumes, kernel.volume, path, entry, saying) for path in entry.ramdisks)
    if wanted.ramdisk:
        ramdisks = (_locate(volumes, kernel.volume, wanted.ramdisk, entry, "the guest file"),)
    arguments = f"{entry.arguments} {wanted.arguments}".strip()
    return Choice(kernel, ramdisks, arguments, entry.title, place)


def _found_by_path(volumes: Volumes, wanted: LoaderOptions) -> Choice:
    entry = Entry(())
    kernel = _locate(volumes, volumes.readable[0], wanted.kernel, entry, "the guest file")
    ramdisks: tuple[Found, ...] = ()
    if wanted.ramdisk:
        ramdisks = (_locate(volumes, kernel.volume, wanted.ramdisk, entry, "the guest file"),)
    return Choice(kernel, ramdisks, wanted.arguments)


def _locate(volumes: Volumes, near: Volume, word: str, entry: Entry, saying: str) -> Found:
    """The file that a menu calls `word`: where the menu says, beside the menu, or else on any file system."""
    device, path = "", word
    if word.startswith("(") and ")" in word:
        device, _, path = word[1:].partition(")")
    path = path if path.startswith("/") else f"/{path}"
    for volume in volumes.in_order(near, [device, entry.root], legacy=entry.legacy):
        for candidate in (path, f"/boot{path}"):
            inode = volume.tree.file(candidate)
            if inode is not None and inode.size:
                return Found(candidate, volume, inode)
            if inode is not None:
                raise Unreadable(f"{saying} names {candidate}, which is empty")
    folder = path.rpartition("/")[0] or "/"
    there = next((names for volume in volumes.readable if (names := volume.tree.names(folder))), [])
    seen = f"in {folder} there is {_listed(there)}" if there else f"there is no folder {folder}, or nothing is in it"
    raise Unreadable(f"{saying} names {path}, which is not in the image; {seen}", "name what is there: --kernel=PATH")


def _listed(names: list[str] | tuple[str, ...]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
