"""Kernel modules for an initramfs: which files are needed, in the order in which they must be loaded.

The packages of Debian's kernels hold no `modules.dep` (it is made when they are installed), so the dependencies are
read where modinfo finds them: in the `depends=` word of each module's .modinfo section.
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterable
from pathlib import Path

_DEPENDS = re.compile(rb"(?:^|\0)depends=([\w,-]*)\0")


class MissingModuleError(LookupError):
    """A module is neither built into the kernel nor among its files."""


def load_order(tree: Path, wanted: Iterable[str]) -> dict[str, bytes]:
    """The modules `wanted` and all they depend on: content by name, in the order of loading.

    `tree` is a kernel's folder below /lib/modules. What is built in is left out. Raises MissingModuleError.
    """
    files = {_name(path): path for path in sorted(tree.rglob("*.ko*"))}
    built_in = {_name(Path(line)) for line in (tree / "modules.builtin").read_text().splitlines()}
    ordered: dict[str, bytes] = {}

    def add(name: str) -> None:
        if name in ordered or name in built_in:
            return
        if name not in files:
            raise MissingModuleError(f"the kernel {tree.name} has no module {name}")
        content = _read(files[name])
        for needed in _dependencies(content):
            add(needed)
        ordered[name] = content

    for name in wanted:
        add(_plain(name))
    return ordered


def _dependencies(module: bytes) -> list[str]:
    match = _DEPENDS.search(module)
    if match is None:
        return []
    return [_plain(name) for name in match[1].decode().split(",") if name]


def _read(path: Path) -> bytes:
    """A module's bytes; Debian 13 compresses them with xz, which busybox's insmod need not know."""
    content = path.read_bytes()
    return lzma.decompress(content) if path.suffix == ".xz" else content


def _name(path: Path) -> str:
    return _plain(path.name.partition(".ko")[0])


def _plain(name: str) -> str:
    return name.replace("-", "_")
