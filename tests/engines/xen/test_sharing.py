"""Who has an image, by what the backends of xenstore tell."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from xenia.engines.xen.sharing import refuse_shared
from xenia.engines.xen.xenstore import Xenstore
from xenia.model.disk import Disk, DiskFormat, DiskMode, DiskSource
from xenia.model.errors import ErrorKind, ResourceError
from xenia.storage.open import ImageLayer, OpenedDisk

Open = Callable[..., OpenedDisk]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disk"
    path.write_bytes(bytes(1 << 20))
    return path


@pytest.fixture
def opened() -> Iterator[Open]:
    """An image as it is opened for a new guest, as item 1 of its disks."""
    descriptors = []

    def call(path: Path | str, mode: DiskMode = DiskMode.WRITE) -> OpenedDisk:
        write = mode is not DiskMode.READ_ONLY
        descriptors.append(os.open(path, os.O_RDWR if write else os.O_RDONLY))
        block = str(path).startswith("/dev/")
        disk = Disk("xvdb", str(path), DiskSource.BLOCK if block else DiskSource.FILE, mode=mode, item=1)
        return OpenedDisk(disk, (ImageLayer(str(path), DiskFormat.RAW, descriptors[-1], write, 1 << 20, block),))

    yield call
    for descriptor in descriptors:
        os.close(descriptor)


async def phy(store: Xenstore, device: str, *, domid: int = 5, mode: str = "w") -> None:
    """As libxl and blkback's script write it: numbers in hexadecimal."""
    numbers = Path(device).stat().st_rdev
    folder = f"/local/domain/0/backend/vbd/{domid}/51712"
    await backend(store, folder, domid, params=device, mode=mode, type="phy", device_type="disk")
    await store.write(f"{folder}/physical-device", f"{os.major(numbers):x}:{os.minor(numbers):x}")


async def qdisk(store: Xenstore, params: str, *, domid: int = 5, mode: str = "w") -> None:
    """As libxl writes it for a QEMU."""
    folder = f"/local/domain/0/backend/qdisk/{domid}/51712"
    await backend(store, folder, domid, params=params, mode=mode, type="qdisk", device_type="disk")


async def backend(store: Xenstore, folder: str, domid: int, **values: str) -> None:
    await store.write(f"/local/domain/{domid}/name", "other")
    values |= {"frontend": f"/local/domain/{domid}/device/vbd/51712", "frontend-id": str(domid), "online": "1"}
    values |= {"state": "4", "dev": "xvda"}
    for key, value in values.items():
        await store.write(f"{folder}/{key.replace('_', '-')}", value)


async def conflict(store: Xenstore, *disks: OpenedDisk) -> ResourceError:
    with pytest.raises(ResourceError) as caught:
        await refuse_shared(disks, store)
    assert (caught.value.kind, caught.value.key) == (ErrorKind.CONFLICT, "disk[1]")
    return caught.value


async def test_where_no_domain_has_a_disk_nothing_is_in_use(store: Xenstore, opened: Open, image: Path) -> None:
    await refuse_shared([opened(image)], store)
    await refuse_shared([], store)


@pytest.mark.parametrize("form", ["qcow2", "aio"])
async def test_a_file_that_a_qemu_has_is_in_use_by_whatever_path(
    store: Xenstore, opened: Open, image: Path, form: str
) -> None:
    await qdisk(store, f"{form}:{image}")
    link, other = image.with_name("link"), image.with_name("other name")
    link.symlink_to(image)
    other.hardlink_to(image)
    for path in (image, link, other):
        error = await conflict(store, opened(path))
        assert error.message == f"'{path}' is in use: domain 'other' (id 5) has it"
        assert error.hint == "end that one first: xm shutdown other"


async def test_a_file_behind_a_loop_device_is_in_use_as_well_as_the_device(
    store: Xenstore, opened: Open, disk: str, tmp_path: Path
) -> None:
    await phy(store, disk)
    for path in (tmp_path / "behind", disk):
        await conflict(store, opened(path))


async def test_a_loop_device_over_a_file_that_a_qemu_has_is_in_use(
    store: Xenstore, opened: Open, disk: str, tmp_path: Path
) -> None:
    await qdisk(store, f"aio:{tmp_path / 'behind'}")
    await conflict(store, opened(disk))


async def test_a_block_device_is_in_use_by_whatever_path(
    store: Xenstore, opened: Open, disk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xenia.engines.xen.sharing.LOOP_MAJOR", -1)  # stands for a partition
    await phy(store, disk)
    node = tmp_path / "node"
    os.mknod(node, 0o660 | 0o060000, Path(disk).stat().st_rdev)
    for path in (disk, str(node)):
        await conflict(store, opened(path))


async def test_another_image_is_free(store: Xenstore, opened: Open, image: Path, disk: str) -> None:
    await qdisk(store, f"qcow2:{image}")
    await phy(store, disk, domid=6)
    other = image.with_name("other")
    other.write_bytes(bytes(512))
    await refuse_shared([opened(other)], store)


@pytest.mark.parametrize(
    ("theirs", "ours", "together"),
    [
        ("r", DiskMode.READ_ONLY, True),
        ("r", DiskMode.WRITE, False),
        ("w", DiskMode.READ_ONLY, False),
        ("w", DiskMode.WRITE, False),
        ("w", DiskMode.SHARED, True),
    ],
)
async def test_readers_go_together_and_sharing_on_purpose_does(
    store: Xenstore, opened: Open, image: Path, theirs: str, ours: DiskMode, together: bool
) -> None:
    await qdisk(store, f"aio:{image}", mode=theirs)
    if together:
        await refuse_shared([opened(image, ours)], store)
    else:
        await conflict(store, opened(image, ours))


@pytest.mark.parametrize("params", ["", "aio:", "aio:/not/there", "aio:nbd://host", "no colon"])
async def test_a_backend_without_a_file_is_in_nobodys_way(
    store: Xenstore, opened: Open, image: Path, params: str
) -> None:
    await qdisk(store, params)
    await refuse_shared([opened(image)], store)


async def test_a_backend_that_is_still_made_is_in_nobodys_way(store: Xenstore, opened: Open, image: Path) -> None:
    await store.write("/local/domain/0/backend/vbd/5/51712/params", str(image))
    await store.write("/local/domain/0/backend/vbd/6/51712/physical-device", "no numbers")
    await store.write("/local/domain/0/backend/vbd/7/51712/physical-device", "7:fffff")
    await refuse_shared([opened(image)], store)


async def test_a_drive_without_a_medium_asks_nobody(store: Xenstore) -> None:
    await store.close()
    await refuse_shared([OpenedDisk(Disk("xvdb"))], store)
