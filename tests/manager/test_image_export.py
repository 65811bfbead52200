"""Images offered over NBD, as qemu-img reads them there."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.manager.test_image_convert import READ, make
from tests.manager.test_images import OPERATOR, ROOT, done, failed, images, make_qcow2, manager, run

from xenia.lib.program import run as run_program
from xenia.manager.image_clone import clone
from xenia.manager.image_export import export
from xenia.manager.images import Images
from xenia.manager.manager import Manager
from xenia.model.caller import Caller, Role
from xenia.model.errors import XeniaError
from xenia.model.job import JobState

__all__ = ["images", "manager"]

pytestmark = pytest.mark.skipif(shutil.which("qemu-storage-daemon") is None, reason="no qemu-storage-daemon")


@asynccontextmanager
async def offered(all_images: Images, path: str, caller: Caller = ROOT) -> AsyncIterator[str]:
    """Its URI."""
    job = export(all_images, path, caller)
    place = all_images.exports / f"{job.id}.sock"
    async with asyncio.timeout(30):
        while not place.exists():
            assert all_images.jobs.get(job.id).state is JobState.RUNNING, all_images.jobs.get(job.id)
            await asyncio.sleep(0.01)
    yield f"nbd+unix:///?socket={place}"
    ended = await all_images.jobs.cancel(job.id, caller)
    assert ended.state is JobState.CANCELLED
    assert not place.exists()


async def qemu_img(*words: str) -> str:
    ended = await run_program(["qemu-img", *words], seconds=60)
    assert ended.code == 0, ended
    return ended.out


@pytest.mark.parametrize("form", READ)
async def test_each_format_is_offered_as_what_its_guest_sees(manager: Manager, images: Path, form: str) -> None:
    make(images / "old", form)
    async with offered(manager.images, "old") as uri:
        await qemu_img("compare", "-f", form, "-F", "raw", str(images / "old"), uri)
        if form not in ("raw", "qcow2"):  # QEMU tells less of the holes of others
            return
        told: list[dict[str, Any]] = json.loads(await qemu_img("map", "--output=json", "-f", "raw", uri))
        assert sum(each["length"] for each in told if each["data"] and not each["zero"]) < 1 << 20


async def test_a_chain_is_offered_whole_and_nobody_writes_to_it(manager: Manager, images: Path) -> None:
    make(images / "base", "raw")
    await done(manager, clone(manager.images, "base", "top", ROOT, full=False))
    run("qemu-io", "-c", "write -q -P 5 1M 1M", str(images / "top"))
    async with offered(manager.images, "top") as uri:
        await qemu_img("compare", "-F", "raw", str(images / "top"), uri)
        ended = await run_program(["qemu-io", "-f", "raw", "-c", "write 0 512", uri], seconds=60)
        assert ended.code != 0


async def test_an_operator_has_his_own_socket_and_no_network(manager: Manager, images: Path) -> None:
    make(images / "old", "raw")
    owner = Caller(os.geteuid() + 12345 if os.geteuid() == 0 else os.geteuid(), "op", Role.OPERATOR)
    async with offered(manager.images, "old", owner) as uri:
        status = Path(uri.partition("=")[2]).stat()
        assert (status.st_uid, status.st_mode & 0o777) == (owner.uid, 0o600)
    with pytest.raises(XeniaError, match="only an administrator"):
        export(manager.images, "old", OPERATOR, listen="127.0.0.1:0")


async def test_it_is_offered_to_the_network(manager: Manager, images: Path) -> None:
    make(images / "old", "raw")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    job = export(manager.images, "old", ROOT, listen=f"127.0.0.1:{port}")
    async with asyncio.timeout(30):
        while (await run_program(["qemu-img", "info", f"nbd://127.0.0.1:{port}"], seconds=60)).code != 0:
            assert manager.images.jobs.get(job.id).state is JobState.RUNNING
    await qemu_img("compare", "-f", "raw", "-F", "raw", str(images / "old"), f"nbd://127.0.0.1:{port}")
    taken = await failed(manager, export(manager.images, "old", ROOT, listen=f"127.0.0.1:{port}"))
    assert taken["kind"] == "unavailable"
    await manager.images.jobs.cancel(job.id, ROOT)
    for wrong in ("nowhere", "127.0.0.1:x", "example.org:1", "127.0.0.1:99999"):
        assert (await failed(manager, export(manager.images, "old", ROOT, listen=wrong)))["kind"] == "invalid"


async def test_what_leads_elsewhere_or_is_written_to_is_not_offered(manager: Manager, images: Path) -> None:
    make_qcow2(images / "evil", "/etc/shadow")
    assert (await failed(manager, export(manager.images, "evil", OPERATOR)))["kind"] == "denied"
    make(images / "old", "qcow2")
    async with offered(manager.images, "old"):
        words = ["qemu-io", "-c", "write 0 512", str(images / "old")]
        ended = await run_program(words, seconds=60)
        assert "lock" in ended.err + ended.out
