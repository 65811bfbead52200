"""Images made with the tools that guests' images are made with."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xenia.storage.guest.extract import extract_boot

UUID = "1f0e1c4e-7d21-4cc5-9c0c-d1e0e1f5a001"
SBIN = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])

KERNEL = b"kernel " * 40_000
RAMDISK = bytes(range(256)) * 3_000 + b"end"
MENU = "set default=0\nmenuentry 'Linux' {\n linux /boot/vmlinuz root=/dev/xvda1 ro\n initrd /boot/initrd\n}\n"
FILES: dict[str, bytes | str] = {"boot/vmlinuz": KERNEL, "boot/initrd": RAMDISK, "boot/grub/grub.cfg": MENU}


def run(*words: str | Path, give: str | None = None) -> str:
    command = [str(word) for word in words]
    binary = shutil.which(command[0], path=SBIN)
    assert binary is not None, f"{command[0]} is not installed"
    done = subprocess.run([binary, *command[1:]], input=give, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fill(folder: Path, files: Mapping[str, bytes | str], links: Mapping[str, str] | None = None) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for name, target in (links or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(target)
    return folder


def ext(
    path: Path,
    files: Mapping[str, bytes | str] = FILES,
    *options: str,
    links: Mapping[str, str] | None = None,
    kind: str = "ext4",
    size: str = "16M",
) -> Path:
    """A file system with `files` that fills the file `path`."""
    folder = fill(path.with_name(f"{path.name}.files"), files, links)
    run("mke2fs", "-q", "-t", kind, "-U", UUID, "-L", "rootfs", *options, "-d", folder, path, size)
    shutil.rmtree(folder)
    return path


def partitioned(path: Path, script: str, contents: Mapping[int, Path], size: int) -> Path:
    """A disk of `size` MiB as sfdisk makes it of `script`, with `contents` by their places in MiB."""
    with path.open("wb") as file:
        file.truncate(size << 20)
    run("sfdisk", "-q", path, give=script)
    with path.open("r+b") as file:
        for place, content in contents.items():
            file.seek(place << 20)
            file.write(content.read_bytes())
    return path


def convert(source: Path, path: Path, *options: str) -> Path:
    run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", *options, source, path)
    return path


@dataclass
class Taken:
    """What came out of an image."""

    result: dict[str, Any]
    kernel: bytes
    ramdisk: bytes


def take(*layers: Path, formats: Sequence[str] = (), **wanted: Any) -> Taken:
    """The worker's call in this process. Layers called *.qcow2 are of that format."""
    names = list(formats) or ["qcow2" if layer.suffix == ".qcow2" else "raw" for layer in layers]
    with sinks(2) as (pipes, heard):
        descriptors = [os.open(layer, os.O_RDONLY) for layer in layers]
        try:
            result = extract_boot({"formats": names, "wanted": wanted}, [*descriptors, *pipes])
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
    return Taken(result, bytes(heard[0]), bytes(heard[1]))


@contextmanager
def sinks(count: int) -> Iterator[tuple[list[int], list[bytearray]]]:
    """Pipes to write to, and what is heard through them, complete at the end."""
    pipes, heard, threads = [], [], []
    for _ in range(count):
        source, sink = os.pipe()
        pipes.append(sink)
        heard.append(bytearray())
        threads.append(threading.Thread(target=_listen, args=(source, heard[-1])))
        threads[-1].start()
    try:
        yield pipes, heard
    finally:
        for sink in pipes:
            os.close(sink)
        for thread in threads:
            thread.join()


def _listen(source: int, heard: bytearray) -> None:
    while chunk := os.read(source, 1 << 20):
        heard += chunk
    os.close(source)
