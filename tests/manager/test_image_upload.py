"""Images that are sent: there when all of it has come, and nothing of them otherwise."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.manager.test_images import MIB, OPERATOR, ROOT, done, failed, images, manager, run

from xenia.manager.image_upload import upload
from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.errors import XeniaError, unavailable
from xenia.model.job import JobState
from xenia.storage.new_file import NewFile

__all__ = ["images", "manager"]

VIEWER = Caller(1001, "vic", Role.VIEWER)


class Sender:
    """Sends `pieces`, then that it was all; `then` is done before that."""

    def __init__(self, pieces: Sequence[bytes], then: Callable[[], Awaitable[None]] | None = None) -> None:
        self.asked = False
        self._left = [*pieces]
        self._then = then

    async def __call__(self) -> bytes:
        self.asked = True
        if self._left:
            return self._left.pop(0)
        if self._then is not None:
            await self._then()
        return b""


def left_in(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*"))


async def test_what_was_sent_is_there_with_holes_for_zeros(manager: Manager, images: Path) -> None:
    content = [os.urandom(MIB // 4), bytes(MIB), bytes(MIB), os.urandom(512)]
    sender = Sender(content)
    size = sum(map(len, content))
    result = await done(manager, upload(manager.images, "iso/debian.iso", size, sender, OPERATOR))
    made = images / "iso/debian.iso"
    assert made.read_bytes() == b"".join(content)
    assert made.stat().st_blocks * 512 < MIB
    assert made.stat().st_mode & 0o777 == 0o600
    assert result["image"]["path"] == str(made)
    assert (result["image"]["format"], result["image"]["size"], result["notes"]) == ("raw", size, [])
    assert [each.path for each in (await manager.images.list(OPERATOR)).images] == [str(made)]


async def test_progress_is_told(manager: Manager) -> None:
    going, told = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        told.set()
        await going.wait()

    job = upload(manager.images, "one", 4 * MIB, Sender([os.urandom(MIB)], wait), ROOT)
    async with asyncio.timeout(60):
        await told.wait()
    now = manager.job(job.id)
    assert (now.operation, now.domain, now.progress, now.cancellable) == ("disk upload", "one", 0.25, True)
    going.set()
    await failed(manager, job)


@pytest.mark.parametrize(
    ("pieces", "size", "words"),
    [
        ([b"a" * MIB], 2 * MIB, f"only {MIB} bytes came of {2 * MIB}"),
        ([], MIB, f"only 0 bytes came of {MIB}"),
        ([b"a" * MIB, b"b"], MIB, f"more bytes came than the {MIB} that were announced"),
        ([b"\x1f\x8b" + bytes(998)], 1000, "no whole sectors"),
    ],
)
async def test_another_size_leaves_nothing(
    manager: Manager, images: Path, pieces: list[bytes], size: int, words: str
) -> None:
    error = await failed(manager, upload(manager.images, "new/one", size, Sender(pieces), OPERATOR))
    assert error["kind"] == "invalid"
    assert words in error["detail"]
    assert left_in(images) == []


@pytest.mark.parametrize(
    ("path", "size", "kind", "words"),
    [
        ("there", MIB, "conflict", "there is a file"),
        ("huge", 1 << 60, "unavailable", "MiB free"),
        ("../out", MIB, "invalid", "cannot be the name of an image"),
        ("/etc/xenia-image", MIB, "denied", "outside the folders"),
        ("link/image", MIB, "denied", "outside the folders"),
        ("there/below", MIB, "unavailable", "Not a directory"),
    ],
)
async def test_what_is_known_before_is_refused_before_anything_is_sent(
    manager: Manager, images: Path, path: str, size: int, kind: str, words: str
) -> None:
    (images / "there").write_bytes(b"as it was")
    (images / "link").symlink_to("/tmp")
    sender = Sender([bytes(MIB)])
    error = await failed(manager, upload(manager.images, path, size, sender, OPERATOR))
    assert (error["kind"], sender.asked) == (kind, False)
    assert words in error["detail"]
    assert left_in(images) == ["link", "there"]
    assert (images / "there").read_bytes() == b"as it was"


async def test_who_may_make_no_images_may_send_none(manager: Manager) -> None:
    with pytest.raises(XeniaError, match="needs the role operator"):
        upload(manager.images, "one", MIB, Sender([]), VIEWER)


async def test_a_name_that_another_took_meanwhile_is_the_others(manager: Manager, images: Path) -> None:
    async def take() -> None:
        (images / "one").write_bytes(b"theirs")

    error = await failed(manager, upload(manager.images, "one", MIB, Sender([bytes(MIB)], take), OPERATOR))
    assert error["kind"] == "conflict"
    assert (images / "one").read_bytes() == b"theirs"
    assert left_in(images) == ["one"]


async def test_a_sender_that_vanishes_leaves_nothing(manager: Manager, images: Path) -> None:
    async def vanish() -> None:
        raise unavailable("who sent it went away")

    error = await failed(manager, upload(manager.images, "sub/one", 2 * MIB, Sender([bytes(MIB)], vanish), OPERATOR))
    assert error["detail"] == "who sent it went away"
    assert left_in(images) == []


async def test_one_that_is_cancelled_leaves_nothing(manager: Manager, images: Path) -> None:
    told = asyncio.Event()

    async def wait() -> None:
        told.set()
        await asyncio.Event().wait()

    job = upload(manager.images, "sub/one", 2 * MIB, Sender([b"x" * MIB], wait), OPERATOR)
    async with asyncio.timeout(60):
        await told.wait()
    assert (await manager.cancel(job.id, OPERATOR)).state is JobState.CANCELLED
    assert left_in(images) == []


async def test_a_disk_that_becomes_full_is_said_and_leaves_nothing(
    manager: Manager, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("xenia.storage.images.upload.os.pwrite", full)
    error = await failed(manager, upload(manager.images, "one", MIB, Sender([b"x" * MIB]), OPERATOR))
    assert (error["kind"], error["hint"]) == ("unavailable", "free some space and try again")
    assert "No space left" in error["detail"]
    assert left_in(images) == []


async def test_where_no_file_can_be_without_a_name_nothing_is_left_either(
    manager: Manager, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As over NFS; what a killed xend leaves there the next one removes (`remove_leftovers`)."""
    usual = os.open

    def without(path: Any, flags: int, *words: Any, **named: Any) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        return usual(path, flags, *words, **named)

    seen: list[str] = []

    async def look() -> None:
        seen.extend(left_in(images))

    monkeypatch.setattr("xenia.storage.new_file.os.open", without)
    await failed(manager, upload(manager.images, "one", 2 * MIB, Sender([b"x" * MIB], look), OPERATOR))
    assert [each.startswith(".xenia-new-") for each in seen] == [True]
    assert left_in(images) == []
    await done(manager, upload(manager.images, "one", MIB, Sender([b"x" * MIB]), OPERATOR))
    assert left_in(images) == ["one"]


def qcow2(folder: Path, *options: str) -> bytes:
    """The bytes of one, whose base need not be there."""
    made = folder / "made.qcow2"
    run("qemu-img", "create", "-q", "-f", "qcow2", *options, str(made), "1M")
    return made.read_bytes()


@pytest.mark.parametrize(
    ("backing", "kind"),
    [("/etc/passwd", "denied"), ("../../../etc/passwd", "denied"), ("nbd://192.0.2.1/x", "invalid")],
)
@pytest.mark.parametrize("caller", [OPERATOR, ROOT], ids=["operator", "administrator"])
async def test_an_image_that_is_based_on_what_is_elsewhere_is_refused(
    manager: Manager, images: Path, tmp_path: Path, backing: str, kind: str, caller: Caller
) -> None:
    content = qcow2(tmp_path, "-u", "-b", backing, "-F", "raw")
    error = await failed(manager, upload(manager.images, "one.qcow2", len(content), Sender([content]), caller))
    assert error["kind"] == kind
    assert left_in(images) == []


@pytest.mark.parametrize("there", [True, False])
async def test_a_base_beside_it_may_come_before_or_after(
    manager: Manager, images: Path, tmp_path: Path, there: bool
) -> None:
    if there:
        (images / "base").write_bytes(bytes(MIB))
    content = qcow2(tmp_path, "-u", "-b", "base", "-F", "raw")
    result = await done(manager, upload(manager.images, "one.qcow2", len(content), Sender([content]), OPERATOR))
    assert (result["image"]["format"], result["image"]["backing"]) == ("qcow2", str(images / "base"))


async def test_an_image_that_keeps_its_data_elsewhere_is_refused(
    manager: Manager, images: Path, tmp_path: Path
) -> None:
    content = qcow2(tmp_path, "-o", f"data_file={tmp_path}/data")
    error = await failed(manager, upload(manager.images, "one.qcow2", len(content), Sender([content]), OPERATOR))
    assert error["kind"] == "invalid"
    assert "keeps its data in another file" in error["detail"]
    assert left_in(images) == []


async def test_once_it_gets_its_name_it_is_not_cancelled(
    manager: Manager, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, seen = NewFile.keep_durably, []

    def keep(new: NewFile, name: str) -> None:
        seen.append(manager.job(job.id).cancellable)
        usual(new, name)

    monkeypatch.setattr(NewFile, "keep_durably", keep)
    job = upload(manager.images, "one", MIB, Sender([b"x" * MIB]), OPERATOR)
    await done(manager, job)
    assert seen == [False]
    assert left_in(images) == ["one"]
