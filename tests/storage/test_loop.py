"""Loop devices over images that are open and locked already."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from xenia.model.errors import ErrorKind, XeniaError
from xenia.storage import loop
from xenia.storage.lock import holder_key, lock
from xenia.storage.loop import LoopDevice, attach, backing_of


def _why_not() -> str:
    try:
        os.close(os.open("/dev/loop-control", os.O_RDWR))
    except OSError as error:
        return f"no loop devices here: /dev/loop-control: {error.strerror}"
    return ""


pytestmark = [
    pytest.mark.usefixtures("no_descriptor_leaks"),
    pytest.mark.skipif(bool(_why_not()), reason=_why_not() or "there are"),
]

SIZE = 1 << 20

Open = Callable[..., int]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk"
    path.write_bytes(os.urandom(SIZE))
    return path


@pytest.fixture
def opened(image: Path) -> Iterator[Open]:
    """Opens and locks the image; what a test has not closed is closed at its end."""
    descriptors = []

    def call(*, write: bool = True) -> int:
        descriptor = os.open(image, os.O_RDWR if write else os.O_RDONLY)
        try:
            lock(descriptor, write=write, path=str(image))
        except XeniaError:
            os.close(descriptor)
            raise
        descriptors.append(descriptor)
        return descriptor

    yield call
    for descriptor in descriptors:
        close(descriptor)


def close(descriptor: int) -> None:
    """Silent where it is closed already."""
    try:
        os.close(descriptor)
    except OSError:
        return


@pytest.fixture
def device(opened: Open, image: Path) -> Iterator[LoopDevice]:
    """A loop device over the image, whose own descriptor is closed."""
    descriptor = opened()
    device = attach(descriptor, write=True, name=str(image))
    os.close(descriptor)
    yield device
    close(device.descriptor)


def test_the_lock_lasts_as_long_as_the_loop_device(device: LoopDevice, opened: Open) -> None:
    with pytest.raises(XeniaError) as caught:
        opened(write=True)
    assert caught.value.kind is ErrorKind.CONFLICT
    user = os.open(device.path, os.O_RDONLY)
    os.close(device.descriptor)
    with pytest.raises(XeniaError):
        opened(write=False)
    os.close(user)
    assert backing_of(device.path) != holder_key(opened(write=True))  # another may have the device by now


def test_what_is_behind_a_device_is_the_image_by_its_key(device: LoopDevice, image: Path) -> None:
    descriptor = os.open(image, os.O_RDONLY)
    assert backing_of(device.path) == holder_key(descriptor)
    os.close(descriptor)


def test_reading_and_writing_reach_the_image(device: LoopDevice, image: Path) -> None:
    assert os.pread(device.descriptor, 4096, 4096) == image.read_bytes()[4096:8192]
    os.pwrite(device.descriptor, b"written by a guest".ljust(512, b"."), 512)
    os.fsync(device.descriptor)
    assert image.read_bytes()[512:530] == b"written by a guest"
    assert os.lseek(device.descriptor, 0, os.SEEK_END) == SIZE


def test_what_is_attached_to_be_read_cannot_be_written(opened: Open, image: Path) -> None:
    device = attach(opened(write=False), write=False, name=str(image))
    try:
        assert os.pread(device.descriptor, 512, 0) == image.read_bytes()[:512]
        writer = os.open(device.path, os.O_RDWR)
        with pytest.raises(PermissionError):
            os.pwrite(writer, b"x", 0)
        os.close(writer)
        opened(write=False)
    finally:
        os.close(device.descriptor)


def test_losetup_shows_the_name(device: LoopDevice, image: Path) -> None:
    number = device.path.removeprefix("/dev/loop")
    assert Path(f"/sys/block/loop{number}/loop/backing_file").read_text().strip() == str(image)
    assert Path(f"/sys/block/loop{number}/loop/autoclear").read_text().strip() == "1"


def test_one_that_another_takes_first_is_left_to_it(
    device: LoopDevice, opened: Open, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, given = fcntl.ioctl, []

    def ioctl(descriptor: int, request: int, *rest: object) -> object:
        if request == loop._GET_FREE and not given:
            given.append(device.path)
            return int(device.path.removeprefix("/dev/loop"))
        return real(descriptor, request, *rest)

    other = image.with_name("other")
    other.write_bytes(bytes(SIZE))
    descriptor = os.open(other, os.O_RDWR)
    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    second = attach(descriptor, write=True, name="other")
    try:
        assert given == [device.path]
        assert second.path != device.path
        assert backing_of(second.path) == holder_key(descriptor) != backing_of(device.path)
    finally:
        os.close(second.descriptor)
        os.close(descriptor)


def test_a_host_where_all_are_always_taken_is_said_so(
    device: LoopDevice, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, number = fcntl.ioctl, int(device.path.removeprefix("/dev/loop"))
    monkeypatch.setattr(
        fcntl, "ioctl", lambda fd, request, *rest: number if request == loop._GET_FREE else real(fd, request, *rest)
    )
    descriptor = os.open(image, os.O_RDWR)
    with pytest.raises(XeniaError, match=r"over 'disk': Device or resource busy") as caught:
        attach(descriptor, write=True, name="disk")
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    os.close(descriptor)


def test_a_kernel_without_loop_devices_is_said_so(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_CONTROL", "/dev/no-loop-control")
    with pytest.raises(XeniaError, match="there are no loop devices: /dev/no-loop-control: No such file") as caught:
        attach(opened(), write=True, name="disk")
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert caught.value.hint == "load their driver: modprobe loop"


def test_what_cannot_be_a_disk_is_refused_with_words() -> None:
    descriptor = os.open("/dev/null", os.O_RDWR)
    with pytest.raises(XeniaError, match="no loop device can be made over 'nothing': Invalid argument") as caught:
        attach(descriptor, write=True, name="nothing")
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    os.close(descriptor)


@pytest.mark.parametrize("path", ["/dev/loop-not-there", "/dev/null"])
def test_behind_what_is_no_loop_device_is_nothing(path: str) -> None:
    assert backing_of(path) is None
