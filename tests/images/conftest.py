import lzma

import pytest


def module(depends="", *, more=b""):
    """Bytes with the words that modinfo would find in a module."""
    return b"\x7fELF" + more + b"\0license=GPL\0depends=" + depends.encode() + b"\0retpoline=Y\0"


@pytest.fixture
def module_tree():
    """A function that makes a kernel's folder of modules: `{"name": "what it depends on"}`."""

    def make(folder, modules, built_in=()):
        for number, (name, depends) in enumerate(modules.items()):
            place = folder / "kernel" / f"drivers{number % 3}"
            place.mkdir(parents=True, exist_ok=True)
            if number % 2:
                (place / f"{name}.ko.xz").write_bytes(lzma.compress(module(depends)))
            else:
                (place / f"{name}.ko").write_bytes(module(depends))
        (folder / "modules.builtin").write_text("".join(f"kernel/fs/{name}.ko\n" for name in built_in))
        return folder

    return make
