"""Kernels for dom0 and for guests, unpacked, never installed: images, modules and initramfs."""

from __future__ import annotations

import lzma
import struct
from collections.abc import Iterator
from pathlib import Path

from tests.live.xenlab.apt import Archive
from tests.live.xenlab.recipe import DOM0, EARLY_MODULES, GUEST_KERNEL, KERNEL, MODULES
from tests.live.xenlab.words import LabError, call

from xenia.images import initrd, kernel
from xenia.images.modules import load_order


class Tree:
    """A kernel package, unpacked below `folder`."""

    def __init__(self, folder: Path) -> None:
        (self.image,) = folder.glob("boot/vmlinuz-*")
        (self.modules,) = folder.glob("**/lib/modules/*")


def unpacked(work: Path) -> tuple[Tree, Tree]:
    """dom0's kernel and that of guests, fetched into `work`."""
    archive = Archive(work / "apt")
    trees = []
    for meta in (KERNEL, GUEST_KERNEL):
        archive.unpack(meta, work / f"tree-{meta}")
        trees.append(Tree(work / f"tree-{meta}"))
    return trees[0], trees[1]


def vmlinux(image: bytes) -> bytes:
    """The ELF kernel in a bzImage, which Xen starts without having to decompress it.

    Where it lies stands in the setup header: Linux Documentation/arch/x86/boot.rst, payload_offset and payload_length.
    Raises LabError for a compression that Debian's kernels do not use.
    """
    setup_sectors = image[0x1F1]
    offset, length = struct.unpack_from("<II", image, 0x248)
    begin = (setup_sectors + 1) * 512 + offset
    payload = image[begin : begin + length]
    if payload.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b"\x02\x21\x4c\x18"):
        # Four bytes at the end are the kernel's own: the size of what is compressed.
        return call(["lz4", "-d", "-c"], "decompress a kernel", stdin=payload[:-4])
    raise LabError(f"a kernel is compressed in an unknown way: it begins with {payload[:6].hex()}")


def first_ramdisk(tree: Tree, busybox: bytes) -> bytes:
    """dom0's initramfs: it finds the root and goes there."""
    return initrd.write_cpio(_early_entries(tree, busybox))


def _early_entries(tree: Tree, busybox: bytes) -> Iterator[initrd.Entry]:
    for name in ("bin", "dev", "modules", "proc", "root", "sys"):
        yield initrd.folder(name)
    yield initrd.character_device("dev/console", 5, 1)
    yield initrd.file("bin/busybox", busybox, 0o755)
    yield initrd.link("bin/sh", "busybox")
    yield initrd.file("init", (DOM0 / "early").read_bytes(), 0o755)
    yield from _modules("modules", tree, EARLY_MODULES, without=())


def _modules(folder: str, tree: Tree, names: tuple[str, ...], without: tuple[str, ...]) -> Iterator[initrd.Entry]:
    loaded = load_order(tree.modules, without)
    for number, (name, content) in enumerate(load_order(tree.modules, names).items()):
        if name not in loaded:
            yield initrd.file(f"{folder}/{number:02}-{name}.ko", content)


def put_modules(tree: Tree, folder: Path) -> None:
    """Write into `folder` the modules that dom0 loads once its root is there, named in the order of loading."""
    folder.mkdir(parents=True)
    for entry in _modules("modules", tree, MODULES, without=EARLY_MODULES):
        (folder / Path(entry.name).name).write_bytes(entry.content)


def guest_kernel(tree: Tree, work: Path) -> kernel.Kernel:
    """The kernel as the small guest wants it."""
    return kernel.keep(work, tree.image, tree.modules)
