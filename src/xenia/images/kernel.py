"""Debian's cloud kernel, fetched without installing it: small, quick to boot, with virtio and Xen drivers as modules.

A cloud kernel that the host has installed is used where it can be read; otherwise the package is downloaded by apt-get,
as whatever user this is.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xenia.images.modules import MissingModuleError, load_order
from xenia.model.errors import XeniaError, unavailable

MODULES = (
    *("virtio_pci", "virtio_blk", "virtio_net", "virtio_console", "virtio_balloon"),
    *("xen_blkfront", "xen_netfront"),
    *("button", "evdev"),  # the ACPI power button, and a file to read it from
    *("pvpanic_mmio", "pvpanic_pci"),  # a crash is told to the host
)

_META_PACKAGE = "linux-image-cloud-amd64"
_FORM = hashlib.sha256(" ".join(MODULES).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel image and the modules that the small guest loads.

    `modules` is a folder of plain .ko files whose sorted names are the order of loading.
    """

    version: str
    image: Path
    modules: Path


def default_cache() -> Path:
    """Where what was fetched is kept: `$XDG_CACHE_HOME/xenia`, or `~/.cache/xenia`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "xenia"


def cloud_kernel(cache: Path | None = None, *, boot: Path = Path("/boot"), lib: Path = Path("/lib/modules")) -> Kernel:
    """The kernel for small guests: the one kept in `cache`, else the host's own, else a fetched one, kept from then on.

    May be called by several processes at once. Raises unavailable when there is none and none can be fetched.
    """
    folder = (cache or default_cache()) / "kernel"
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / "lock"):
        return kept(folder) or _from_host(folder, boot, lib) or _fetched(folder)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def kept(folder: Path) -> Kernel | None:
    """The newest kernel that `keep` has put into `folder`."""
    found = sorted(folder.glob(f"*+{_FORM}"), key=lambda path: _version_key(path.name))
    return _kernel(found[-1]) if found else None


def _kernel(kept: Path) -> Kernel:
    return Kernel(kept.name.rpartition("+")[0], kept / "vmlinuz", kept / "modules")


def _version_key(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name.rpartition("+")[0])]


def _from_host(folder: Path, boot: Path, lib: Path) -> Kernel | None:
    images = sorted(boot.glob("vmlinuz-*-cloud-amd64"), key=lambda path: _version_key(f"{path.name}+"))
    for image in reversed(images):
        try:
            return keep(folder, image, lib / image.name.removeprefix("vmlinuz-"))
        except (OSError, MissingModuleError):
            continue  # not for this user to read, or its modules are gone: another one may do
    return None


def _fetched(folder: Path) -> Kernel:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as name:
        work = Path(name)
        package = _download(folder, work)
        _run(["dpkg-deb", "-x", str(package), str(work / "tree")], work, "cannot unpack the kernel package")
        try:
            image = next((work / "tree/boot").glob("vmlinuz-*"))
            modules = next((work / "tree").glob("**/lib/modules/*"))
            return keep(folder, image, modules)
        except (StopIteration, MissingModuleError) as error:
            raise unavailable(f"the kernel package {package.name} is not as expected: {error}") from error


def keep(folder: Path, image: Path, modules: Path) -> Kernel:
    """Copy what the guest needs of a kernel into `folder`, in one step.

    `modules` is the kernel's folder below /lib/modules. Raises MissingModuleError, OSError.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix=".keep-") as name:
        work = Path(name) / "kernel"
        (work / "modules").mkdir(parents=True)
        for number, (module, content) in enumerate(load_order(modules, MODULES).items()):
            (work / "modules" / f"{number:02}-{module}.ko").write_bytes(content)
        shutil.copyfile(image, work / "vmlinuz")
        return _kernel(work.rename(folder / f"{modules.name}+{_FORM}"))


def _download(folder: Path, work: Path) -> Path:
    """The package, downloaded into `work`: by the host's package lists, or by lists of our own if those do not do."""
    try:
        return _download_with(work, [])
    except XeniaError:
        lists = folder / "apt"
        (lists / "lists/partial").mkdir(parents=True, exist_ok=True)
        (lists / "archives/partial").mkdir(parents=True, exist_ok=True)
        own = ["-o", f"Dir::State::lists={lists}/lists", "-o", f"Dir::Cache={lists}", "-o", "APT::Sandbox::User=root"]
        _run(["apt-get", "-q", *own, "update"], work, "cannot fetch Debian's package lists")
        return _download_with(work, own)


def _download_with(work: Path, options: list[str]) -> Path:
    shown = _run(
        ["apt-cache", *options, "show", "--no-all-versions", _META_PACKAGE], work, f"apt knows no {_META_PACKAGE}"
    )
    depends = re.search(r"^Depends:.*?(linux-image-[\w.+~-]+)", shown, re.MULTILINE)
    if depends is None:
        raise unavailable(f"the package {_META_PACKAGE} names no kernel package")
    quiet = ["-q", "-o", "APT::Sandbox::User=root", *options]
    _run(["apt-get", *quiet, "download", depends[1]], work, f"cannot download {depends[1]}")
    return next(work.glob("linux-image-*.deb"))


def _run(command: list[str], folder: Path, failure: str) -> str:
    """The standard output of `command`. Raises unavailable with the last line it said."""
    hint = f"needs network and Debian's package sources; or install it: apt-get install {_META_PACKAGE}"
    try:
        done = subprocess.run(
            command, cwd=folder, env=os.environ | {"LC_ALL": "C"}, capture_output=True, text=True, check=True
        )
    except FileNotFoundError as error:
        raise unavailable(f"{failure}: there is no {command[0]} on this host", hint) from error
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout).strip().splitlines() or [f"exit code {error.returncode}"]
        raise unavailable(f"{failure}: {said[-1]}", hint) from error
    return done.stdout
