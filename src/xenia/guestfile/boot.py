"""kernel, ramdisk, root, extra, bootloader, boot, firmware: what a domain boots from."""

from __future__ import annotations

import re
import shlex

from xenia.guestfile.given import Given
from xenia.model.boot import Boot, Firmware
from xenia.model.domain import Kind

_FIRMWARE_FILE = re.compile(r"hvmloader|vmxloader|rombios|seabios|ovmf|vmxassist|ioemu-stubdom", re.IGNORECASE)
_FIRMWARES = {
    "bios": Firmware.BIOS,
    "seabios": Firmware.BIOS,
    "rombios": Firmware.BIOS,
    "uefi": Firmware.UEFI,
    "ovmf": Firmware.UEFI,
}
_FIRMWARE_HINT = "{} = 'ovmf' (UEFI) or 'seabios'"
_NO_NFS_SERVER = "127.0.255.255"
_DEVICES = frozenset("acdn")


def read_boot(given: Given, kind: Kind) -> Boot:
    """What is booted; a PV or PVH domain needs a kernel or a boot loader."""
    kernel, ramdisk = given.word("kernel"), given.word("ramdisk")
    bootloader = given.word("bootloader")
    if kind is Kind.HVM:
        if kernel is None or _FIRMWARE_FILE.search(kernel.rpartition("/")[2]):
            return _firmware(given, kernel)
        bootloader = None
    elif kernel is None and bootloader is None:
        bootloader = _no_kernel(given, kind)
    elif kernel is not None and bootloader is not None:
        given.warn(
            "kernel",
            "bootloader finds the kernel in the guest's image: this kernel has no effect",
            "remove one of the two",
        )
        kernel = ramdisk = None
    elif bootloader is not None and ramdisk is not None:
        given.warn(
            "ramdisk",
            "bootloader finds the ramdisk in the guest's image: this one has no effect",
            "remove one of the two",
        )
        ramdisk = None
    root, extra = _command_line(given)
    return Boot(
        order=_order(given),
        firmware=_which_firmware(given),
        kernel=kernel,
        ramdisk=ramdisk,
        root=root,
        extra=extra,
        ip=_ip(given),
        bootloader=bootloader,
        bootargs=_bootargs(given),
    )


def _no_kernel(given: Given, kind: Kind) -> str | None:
    """Neither kernel nor boot loader: with a disk, the kernel is looked for there."""
    message = f"a {kind} domain needs a kernel or a bootloader, and the file names neither"
    for wrong in ("image", "vmlinuz"):
        if given.has(wrong):
            given.error(wrong, message, f"kernel = is the word for what {wrong} seems to mean")
            return None
    if not given.items("disk"):
        given.error("kernel", message, "kernel = '/boot/vmlinuz', or builder = 'hvm' for a guest that boots like a PC")
        return None
    hint = "bootloader = 'pygrub' says so; builder = 'hvm' boots from disk or CD-ROM like a PC"
    given.warn("bootloader", f"{message}: the kernel is looked for in its first disk", hint)
    return "pygrub"


def _firmware(given: Given, kernel: str | None) -> Boot:
    for key in ("ramdisk", "root", "extra", "cmdline"):
        if given.word(key):
            given.note(key, f"{key} has no effect: this domain boots by its firmware, not by a kernel of the host")
    firmware = _which_firmware(given)
    if kernel is not None and _is_ovmf(kernel):
        firmware = Firmware.UEFI
    return Boot(order=_order(given), firmware=firmware)


def _is_ovmf(path: str) -> bool:
    return "ovmf" in path.lower()


def _which_firmware(given: Given) -> Firmware:
    firmware = Firmware.BIOS
    for key in ("firmware", "bios"):
        word = given.word(key)
        if word is None:
            continue
        if key == "firmware" and "/" in word:
            firmware = Firmware.UEFI if _is_ovmf(word) else Firmware.BIOS
            given.warn(key, f"{word} is not used: the host's own firmware ({firmware}) is", _FIRMWARE_HINT.format(key))
            continue
        if word.lower() not in _FIRMWARES:
            given.error(key, f"the firmware {word} is not known", _FIRMWARE_HINT.format(key))
        firmware = _FIRMWARES.get(word.lower(), firmware)
    return firmware


def _order(given: Given) -> str:
    order = (given.word("boot") or "").lower().replace(",", "").replace(" ", "")
    for letter in order:
        if letter not in _DEVICES:
            given.error(
                "boot",
                f"boot knows no {letter}",
                "boot = 'dc': a floppy, c disk, d CD-ROM, n network, in the order to try",
            )
            return "cd"
    return "".join(dict.fromkeys(order)) or "cd"


def _command_line(given: Given) -> tuple[str | None, str | None]:
    """Root and extra. `cmdline` stands for both; an NFS root goes before extra, as in xm."""
    cmdline = given.text("cmdline")
    root, extra = given.text("root") or None, given.text("extra") or ""
    if cmdline is not None:
        for key in ("root", "extra"):
            if given.word(key):
                given.warn(key, f"{key} has no effect beside cmdline", "remove one of the two")
        return None, cmdline or None
    path = given.word("nfs_root")
    if path is not None:
        server = given.word("nfs_server")
        if server is None:
            given.error("nfs_root", "an NFS root needs a server as well", "nfs_server = '192.0.2.1'")
        extra = f"nfsroot={server}:{path} {extra}".strip()
    return root, extra or None


def _ip(given: Given) -> str | None:
    """The kernel's ip= (Linux Documentation/admin-guide/nfs/nfsroot.rst) as xm composed it."""
    address, dhcp = given.word("ip") or "", given.word("dhcp") or "off"
    if not address and dhcp == "off":
        return None
    return ":".join(
        (
            address,
            given.word("nfs_server") or _NO_NFS_SERVER,
            given.word("gateway") or "",
            given.word("netmask") or "",
            given.word("hostname") or "",
            given.word("interface") or "eth0",
            dhcp,
        )
    )


def _bootargs(given: Given) -> str | None:
    """The boot loader's arguments as one text, quoted as a shell would want them where they were a list."""
    if given.has("bootargs"):
        return given.text("bootargs") or None
    if given.has("bootentry"):
        entry = given.text("bootentry") or ""
        return (entry if entry.startswith("-") else f"--entry={shlex.quote(entry)}") if entry else None
    words = given.words("bootloader_args")
    return (words[0] if len(words) == 1 else shlex.join(words)) if words else None
