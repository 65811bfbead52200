"""Images that are sent over WebSocket, with the real process."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import websockets
from tests.api.test_logins import log_in
from tests.support.waiting import until
from tests.support.world import World, read_really
from tests.support.xend import Xend, running_xend
from websockets.exceptions import ConnectionClosed, InvalidStatus

LIMIT = 60.0
FRAME = 64 << 10


@pytest.fixture
def images(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    return tmp_path / "images"


@pytest.fixture
async def xend(tmp_path: Path, images: Path) -> AsyncIterator[Xend]:
    world = World(folder=tmp_path, image_roots=(str(images),), read=read_really)
    async with running_xend(tmp_path, world) as running:
        yield running


def opened(xend: Xend, path: str, size: Any, secret: str = "") -> Any:
    """Over the door of xenia-web for who has a `secret`, else as the user of this process."""
    address = f"ws://xend/v1/images/upload?{urlencode({'path': path, 'size': size})}"
    if not secret:
        return websockets.unix_connect(str(xend.socket), address, compression=None)
    headers = {"authorization": f"Bearer {secret}"}
    return websockets.unix_connect(str(xend.web), address, compression=None, additional_headers=headers)


async def send(sender: Any, content: bytes) -> None:
    for at in range(0, len(content), FRAME):
        await sender.send(content[at : at + FRAME])


async def end_of(sender: Any) -> tuple[list[dict[str, Any]], int, str]:
    """All that is still said, and how it ends."""
    said = []
    async with asyncio.timeout(LIMIT):
        with suppress(ConnectionClosed):
            while True:
                said.append(json.loads(await sender.recv()))
        await sender.wait_closed()
    return said, sender.close_code, sender.close_reason


async def job_of(sender: Any) -> dict[str, Any]:
    async with asyncio.timeout(LIMIT):
        job: dict[str, Any] = json.loads(await sender.recv())["job"]
    return job


async def test_an_image_is_sent_and_is_there(xend: Xend, images: Path) -> None:
    content = os.urandom(3 << 20)
    async with opened(xend, "debian.iso", len(content), await log_in(xend, "olga")) as sender:
        begun = await job_of(sender)
        await send(sender, content)
        await sender.send(b"")
        said, code, why = await end_of(sender)
    assert (begun["operation"], begun["domain"], begun["state"]) == ("disk upload", "debian.iso", "running")
    assert (begun["caller"], begun["cancellable"]) == ("olga", True)
    assert (code, why) == (4000, "the image is there")
    told = [each["received"] for each in said[:-1]]
    assert told == sorted(told)
    assert told[0] <= 2 * 256 << 10
    job = said[-1]["job"]
    assert (job["id"], job["state"]) == (begun["id"], "done")
    assert job["result"]["image"]["path"] == str(images / "debian.iso")
    assert (images / "debian.iso").read_bytes() == content
    listed = (await xend.get("/images")).json()["images"]
    assert [(each["path"], each["size"]) for each in listed] == [(str(images / "debian.iso"), len(content))]


@pytest.mark.parametrize(
    ("path", "size", "kind", "words"),
    [
        ("there", 512, "conflict", "there is a file"),
        ("huge", 1 << 60, "unavailable", "MiB free"),
        ("../out", 512, "invalid", "cannot be the name of an image"),
    ],
)
async def test_what_can_be_known_before_is_refused_before_anything_is_sent(
    xend: Xend, images: Path, path: str, size: int, kind: str, words: str
) -> None:
    (images / "there").write_bytes(b"as it was")
    async with opened(xend, path, size) as sender:
        said, code, why = await end_of(sender)
    job = said[-1]["job"]
    assert (code, job["state"], job["error"]["kind"]) == (4002, "failed", kind)
    assert words in job["error"]["detail"]
    assert job["error"]["detail"].startswith(why)
    assert [each.name for each in images.iterdir()] == ["there"]


@pytest.mark.parametrize("size", [0, "x", 1 << 62])
async def test_what_is_no_size_is_refused_before_the_upgrade(xend: Xend, size: Any) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await opened(xend, "one", size)
    answer = refused.value.response
    assert (answer.status_code, "query.size" in json.loads(answer.body)["detail"]) == (422, True)


async def test_a_viewer_sends_nothing(xend: Xend, images: Path) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await opened(xend, "one", 512, await log_in(xend, "vic"))
    assert refused.value.response.status_code == 403
    assert list(images.iterdir()) == []
    assert xend.manager.jobs() == ()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ([b"x" * 512, b""], "only 512 bytes came of 1024"),
        ([b"x" * 1024, b"x"], "more bytes came than the 1024 that were announced"),
        (["text"], "binary frames"),
    ],
)
async def test_what_was_not_announced_is_refused_in_words(
    xend: Xend, images: Path, sent: list[bytes | str], words: str
) -> None:
    async with opened(xend, "one", 1024) as sender:
        await job_of(sender)
        for each in sent:
            await sender.send(each)
        said, code, why = await end_of(sender)
    job = said[-1]["job"]
    assert (code, job["state"]) == (4002, "failed")
    assert words in why
    assert words in job["error"]["detail"]
    assert list(images.iterdir()) == []


async def test_a_visitor_who_goes_away_leaves_nothing(xend: Xend, images: Path) -> None:
    async with opened(xend, "sub/one", 1 << 20) as sender:
        number = (await job_of(sender))["id"]
        await sender.send(b"x" * FRAME)
    job = await xend.manager.wait(number, LIMIT)
    assert (job.state, job.error and job.error["detail"]) == (
        "failed",
        f"who sent it went away after {FRAME} bytes",
    )
    assert list(images.iterdir()) == []


async def test_a_visitor_who_falls_asleep_is_refused(xend: Xend, images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xenia.api.image_upload._PATIENCE", 0.2)
    async with opened(xend, "one", 1 << 20) as sender:
        said, code, why = await end_of(sender)
    assert (code, why) == (4002, "nothing was sent for 0 s")
    assert said[-1]["job"]["error"]["kind"] == "timed_out"
    assert list(images.iterdir()) == []


async def test_it_ends_when_its_job_is_cancelled(xend: Xend, images: Path) -> None:
    async with opened(xend, "one", 1 << 20) as sender:
        number = (await job_of(sender))["id"]
        await sender.send(b"x" * FRAME)
        answer = await xend.post(f"/jobs/{number}/cancel", {})
        assert answer.json()["job"]["state"] == "cancelled"
        said, code, why = await end_of(sender)
    assert (code, why, said[-1]["job"]["state"]) == (4003, "nothing of it is left", "cancelled")
    assert list(images.iterdir()) == []


async def test_it_ends_when_xend_stops(xend: Xend, images: Path) -> None:
    async with opened(xend, "one", 1 << 20) as sender:
        await job_of(sender)
        xend.doors.stopping.set()
        _, code, _ = await end_of(sender)
    assert code == 1001
    assert list(images.iterdir()) == []


async def test_it_ends_with_its_login(xend: Xend, images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xenia.api.lasting._LOOK_AGAIN", 0.1)
    secret = await log_in(xend, "olga")
    async with opened(xend, "one", 1 << 20, secret) as sender:
        number = (await job_of(sender))["id"]
        await xend.client.delete(f"/v1/tokens/{(await xend.get('/tokens')).json()['tokens'][0]['id']}")
        _, code, _ = await end_of(sender)
    assert code == 1008
    assert xend.manager.job(number).state == "cancelled"
    assert list(images.iterdir()) == []


async def test_a_slow_disk_has_the_sender_wait(xend: Xend, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent meanwhile is not read, and does not pile up here."""
    held, going = asyncio.Event(), asyncio.Event()

    async def write(*_: Any) -> None:
        held.set()
        await going.wait()

    monkeypatch.setattr("xenia.storage.images.upload.to_end", write)
    async with opened(xend, "one", 1 << 30) as sender:
        await job_of(sender)
        going.set()
        await until(held.is_set)
        going.clear()
        sending = asyncio.ensure_future(send(sender, bytes(256 << 20)))  # noqa: TID251 (it ends in here)
        await asyncio.wait({sending}, timeout=2)
        assert not sending.done()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        going.set()
