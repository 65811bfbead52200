from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from xenia.model.errors import ErrorKind, XeniaError
from xenia.storage.lock import holder_key, lock

pytestmark = pytest.mark.usefixtures("no_descriptor_leaks")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk"
    path.write_bytes(bytes(1 << 20))
    return path


@contextmanager
def opened(image: Path, *, write: bool, locked: bool = True) -> Iterator[int]:
    descriptor = os.open(image, os.O_RDWR if write else os.O_RDONLY)
    try:
        if locked:
            lock(descriptor, write=write, path=str(image))
        yield descriptor
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        (True, True, False),
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ],
)
def test_readers_go_together_and_a_writer_is_alone(image: Path, first: bool, second: bool, together: bool) -> None:
    with opened(image, write=first):
        if together:
            with opened(image, write=second):
                return
        with pytest.raises(XeniaError) as caught, opened(image, write=second):
            pass
    assert caught.value.kind is ErrorKind.CONFLICT
    assert str(image) in caught.value.message


def test_a_lock_ends_with_the_last_copy_of_its_descriptor(image: Path) -> None:
    with opened(image, write=True) as descriptor:
        copy = os.dup(descriptor)
    with pytest.raises(XeniaError), opened(image, write=True):
        pass
    os.close(copy)
    with opened(image, write=True):
        pass


def test_a_refused_lock_holds_nothing(image: Path) -> None:
    with opened(image, write=False):
        with pytest.raises(XeniaError), opened(image, write=True):
            pass
        with opened(image, write=False):
            pass


def test_one_image_has_one_key_whatever_its_name(image: Path) -> None:
    (image.parent / "other").hardlink_to(image)
    with opened(image, write=False) as one, opened(image.parent / "other", write=False) as two:
        assert holder_key(one) == holder_key(two)
        with opened(Path("/dev/null"), write=False, locked=False) as three:
            assert holder_key(three) != holder_key(one)


class Qemu:
    """A stopped QEMU with one disk; `ready` tells whether it came up, `said` what it said if not."""

    def __init__(
        self, filename: str, *, read_only: bool = False, descriptors: tuple[int, ...] = (), locking: str = "auto"
    ):
        node = {
            "driver": "raw",
            "node-name": "disk",
            "read-only": read_only,
            "file": {"driver": "file", "filename": filename, "locking": locking, "read-only": read_only},
        }
        sets = [word for each in descriptors for word in ("-add-fd", f"fd={each},set=1")]
        self.process = subprocess.Popen(
            [
                "qemu-system-x86_64",
                "-machine",
                "q35",
                "-accel",
                "tcg",
                "-m",
                "16",
                "-nodefaults",
                "-no-user-config",
                "-display",
                "none",
                "-S",
                "-qmp",
                "stdio",
                *sets,
                "-blockdev",
                json.dumps(node),
                "-device",
                "virtio-blk-pci,drive=disk",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=descriptors,
            text=True,
        )
        self.streams = (self.process.stdin, self.process.stdout, self.process.stderr)
        self.process.stdin.write('{"execute": "qmp_capabilities"}\n')
        self.process.stdin.flush()
        self.process.stdout.readline()
        self.ready = "return" in self.process.stdout.readline()  # answered once all devices are there
        self.said = "" if self.ready else self.process.stderr.read()

    def __enter__(self) -> Qemu:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in self.streams:
            with suppress(BrokenPipeError):
                stream.close()


def resize(image: Path) -> subprocess.CompletedProcess[str]:
    command = ["qemu-img", "resize", "-q", "-f", "raw", str(image), "2M"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_qemu_img_respects_our_lock(image: Path) -> None:
    with opened(image, write=True):
        assert 'Failed to get "write" lock' in resize(image).stderr
    with opened(image, write=False):
        assert 'Failed to get "write" lock' in resize(image).stderr
    assert resize(image).returncode == 0


@pytest.mark.qemu
@pytest.mark.parametrize("locking", ["auto", "on"])
def test_a_qemu_takes_over_the_lock_with_the_descriptor(image: Path, locking: str) -> None:
    """xend's copy is closed while QEMU runs; nobody else gets the image at any moment of it."""
    with opened(image, write=True) as writer, opened(image, write=False, locked=False) as reader:
        qemu = Qemu("/dev/fdset/1", descriptors=(writer, reader), locking=locking)
    with qemu:
        assert qemu.ready, qemu.said
        with pytest.raises(XeniaError), opened(image, write=True):
            pass
        assert 'Failed to get "write" lock' in resize(image).stderr
        with Qemu(str(image)) as second:
            assert "lock" in second.said
    with opened(image, write=True):
        pass


@pytest.mark.qemu
def test_qemus_that_only_read_share_an_image_with_us(image: Path) -> None:
    with opened(image, write=False) as one, opened(image, write=False) as two, ExitStack() as running:
        for each in (one, two):
            qemu = running.enter_context(Qemu("/dev/fdset/1", read_only=True, descriptors=(each,)))
            assert qemu.ready, qemu.said
        with pytest.raises(XeniaError), opened(image, write=True):
            pass


@pytest.mark.qemu
def test_we_respect_the_lock_of_a_qemu_that_somebody_else_started(image: Path) -> None:
    with Qemu(str(image)) as qemu:
        assert qemu.ready, qemu.said
        for write in (True, False):
            with pytest.raises(XeniaError) as caught, opened(image, write=write):
                pass
            assert caught.value.kind is ErrorKind.CONFLICT
