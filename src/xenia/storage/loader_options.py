"""What a guest file tells the boot loader that reads a guest's image.

Sources: Xen tools/pygrub (its options; read in a copy older than 4.17), tools/libs/light/libxl_bootloader.c and xend's
XendBootloader.py (what they give it: `--args=` with the guest file's own command line, then `bootloader_args` or
`bootargs`; a later option wins).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace

from xenia.model.boot import Boot
from xenia.model.errors import XeniaError, invalid

KERNEL_LIMIT = 1 << 28
RAMDISK_LIMIT = 1 << 29
"""Bytes of what is taken out of an image (256 and 512 MiB)."""

_VALUES = frozenset({"kernel", "ramdisk", "args", "entry", "offset"})
_IGNORED_VALUES = frozenset({"output", "output-format", "output-directory", "runas"})
_IGNORED = frozenset(
    {"q", "quiet", "i", "interactive", "l", "list-entries", "n", "not-really", "isconfig", "debug", "h", "help"}
)
"""Options without a meaning where nobody sits at a menu."""


@dataclass(frozen=True, slots=True)
class LoaderOptions:
    """`kernel` and `ramdisk` are paths in the image, which make its menu needless; `entry` a number or a title of the
    menu; `arguments` go behind those of the entry; `offset` in bytes is where the one file system begins to look at.
    """

    kernel: str = ""
    ramdisk: str = ""
    entry: str | None = None
    arguments: str = ""
    offset: int | None = None


def loader_options(boot: Boot) -> LoaderOptions:
    """What `boot` asks of its boot loader. Raises invalid for one other than pygrub, or options it does not have.

    As in xm and xl the words of root=, extra= and ip= are appended to those of the chosen entry, unless `--args` is
    given, which stands for them. Words of bootargs without a dash are further words for the kernel.
    """
    if (boot.bootloader or "").rpartition("/")[2] != "pygrub":
        raise _other_loader(boot.bootloader or "")
    options = LoaderOptions(arguments=boot.command_line)
    words = _words(boot.bootargs or "")
    more: list[str] = []
    while words:
        word = words.pop(0)
        if not word.startswith("-") or word == "-":
            more.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if name in _IGNORED and not equals:
            continue
        if name not in _VALUES | _IGNORED_VALUES or not (equals or words):
            raise invalid(
                f"pygrub knows no {word}" if name not in _VALUES | _IGNORED_VALUES else f"{word} needs a value",
                "its options are --kernel=PATH --ramdisk=PATH --args=WORDS --entry=NUMBER or TITLE, --offset=BYTES",
            )
        options = _with(options, name, value if equals else words.pop(0))
    return replace(options, arguments=" ".join([options.arguments, *more]).strip())


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise invalid(f"the boot loader's arguments {text!a} have a quote without an end", "close it") from error


def _with(options: LoaderOptions, name: str, value: str) -> LoaderOptions:
    if name == "kernel":
        return replace(options, kernel=value)
    if name == "ramdisk":
        return replace(options, ramdisk=value)
    if name == "entry":
        return replace(options, entry=value)
    if name == "args":
        return replace(options, arguments=value)
    if name == "offset":
        if not value.isdecimal() or len(value) > 18:
            raise invalid(f"--offset={value} is not a number of bytes", "--offset=1048576")
        return replace(options, offset=int(value))
    return options


def _other_loader(name: str) -> XeniaError:
    if "pvgrub" in name.replace("-", ""):
        return invalid(
            f"the boot loader {name} is no program of the host: it is a kernel that itself runs as the guest",
            "bootloader = 'pygrub' reads the same menu from the host; on Xen, kernel = '/usr/lib/xen/boot/pv-grub...'",
        )
    return invalid(
        f"the boot loader {name} is not run: it would read what the guest wrote with the rights of xend",
        "bootloader = 'pygrub' is built in; or copy kernel and initrd to the host: kernel = '...' and ramdisk = '...'",
    )
