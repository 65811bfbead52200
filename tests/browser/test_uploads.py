"""Images that are uploaded by the page, from a real file in a real browser."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from ssl import SSLContext

import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import PATIENCE, Person, close_pages, read_either, somebody, the_page
from tests.browser.test_page import is_well
from tests.gateway.conftest import Web, served
from tests.support.waiting import until
from tests.support.world import World
from tests.support.xend import running_xend

from xenia.model.job import JobState
from xenia.settings.certificate import Certificate
from xenia.storage.images import upload

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
expect.set_options(timeout=PATIENCE)

SIZE = 20 << 20


@pytest.fixture
def images(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    return tmp_path / "images"


@pytest.fixture
async def web(
    tmp_path: Path, images: Path, certificate: Certificate, tls: SSLContext, browser: Browser
) -> AsyncIterator[Web]:
    world = World(folder=tmp_path, image_roots=(str(images),), read=read_either)
    async with running_xend(tmp_path, world) as xend, served(xend.web, certificate, the_page()) as host:
        try:
            yield Web(xend, host, tls)
        finally:
            await close_pages(browser)


@pytest.fixture
def iso(tmp_path: Path) -> Path:
    path = tmp_path / "debian 13.iso"
    path.write_bytes(os.urandom(SIZE))
    return path


async def as_user(browser: Browser, web: Web, user: str = "ada", **more: object) -> Person:
    return await somebody(browser, web.url, await web.secret(user), **more)


async def open_dialog(page: Page) -> None:
    await page.get_by_role("button", name="Upload…").click()
    await expect(page.get_by_role("dialog", name="Upload an image")).to_be_visible()


@pytest.mark.parametrize("user", ["ada", "olga"])
async def test_a_file_is_uploaded_and_is_in_the_list(
    browser: Browser, web: Web, images: Path, iso: Path, user: str
) -> None:
    person = await as_user(browser, web, user)
    page = person.page
    await page.goto("/images")
    await person.sees("There is no image yet.")
    await open_dialog(page)
    dialog = page.get_by_role("dialog")
    await is_well(person)
    await page.get_by_label("File on this computer").set_input_files(iso)
    await expect(page.get_by_label("Name on the host")).to_have_value("debian 13.iso")
    await expect(dialog).to_contain_text(f"$ xm --host {web.host} disk upload 'debian 13.iso' 'debian 13.iso'")
    await page.get_by_label("Name on the host").fill("iso/debian.iso")
    await is_well(person)
    await dialog.get_by_role("button", name="Upload", exact=True).click()
    row = page.get_by_role("row").filter(has_text="iso/debian.iso")
    await expect(row).to_contain_text("20 MiB")
    await expect(dialog).to_have_count(0)
    assert (images / "iso/debian.iso").read_bytes() == iso.read_bytes()
    await person.sees("0 running, 1 ended")
    assert person.faults == []


@pytest.mark.parametrize("width", [390, 1440])
async def test_one_that_goes_on_tells_how_far_it_is_and_is_cancelled(
    browser: Browser, web: Web, images: Path, iso: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """The disk of the host takes half of it, and then nothing more."""
    usual, full, written = upload.to_end, asyncio.Event(), 0

    async def write(function: object, *words: object) -> object:
        nonlocal written
        if function is upload._write:
            written += len(words[1])  # type: ignore[arg-type]
            if written > SIZE // 2:
                full.set()
                await asyncio.Event().wait()
        return await usual(function, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(upload, "to_end", write)
    person = await as_user(browser, web, viewport={"width": width, "height": 800})
    page = person.page
    await page.goto("/images")
    await open_dialog(page)
    dialog = page.get_by_role("dialog")
    await page.get_by_label("File on this computer").set_input_files(iso)
    await dialog.get_by_role("button", name="Upload", exact=True).click()
    await asyncio.wait_for(full.wait(), PATIENCE / 1000)
    await expect(dialog.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile("4[0-9]|50"))
    await expect(dialog).to_contain_text("of 20 MiB")
    await expect(page.get_by_role("progressbar", name="disk upload debian 13.iso", include_hidden=True)).to_have_count(
        1
    )
    await is_well(person)
    asked: list[str] = []

    async def stay(question: object) -> None:
        asked.append(question.type)  # type: ignore[attr-defined]
        await question.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", stay)
    await page.evaluate("location.assign('/jobs')")
    await until(lambda: asked == ["beforeunload"])
    await dialog.get_by_role("button", name="Cancel the upload").click()
    await expect(dialog.get_by_label("File on this computer")).to_be_visible()
    (job,) = web.xend.manager.jobs()
    assert job.state is JobState.CANCELLED
    assert list(images.iterdir()) == []
    await dialog.get_by_role("button", name="Upload nothing").click()
    await page.goto("/jobs")
    assert asked == ["beforeunload"]
    assert person.faults == []


async def test_what_is_refused_is_said_in_the_dialog(browser: Browser, web: Web, images: Path, iso: Path) -> None:
    (images / "debian 13.iso").write_bytes(bytes(512))
    person = await as_user(browser, web)
    page = person.page
    await page.goto("/images")
    await open_dialog(page)
    await page.get_by_label("File on this computer").set_input_files(iso)
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Upload", exact=True).click()
    await expect(dialog.get_by_role("alert")).to_contain_text("there is a file")
    await is_well(person)
    await page.get_by_label("Name on the host").fill("other.iso")
    await dialog.get_by_role("button", name="Upload", exact=True).click()
    await expect(page.get_by_role("row").filter(has_text="other.iso")).to_contain_text("20 MiB")
    assert (images / "debian 13.iso").stat().st_size == 512


async def test_one_goes_on_while_other_screens_are_looked_at(
    browser: Browser, web: Web, images: Path, iso: Path
) -> None:
    person = await as_user(browser, web)
    page = person.page
    await page.goto("/images")
    await open_dialog(page)
    await page.get_by_label("File on this computer").set_input_files(iso)
    await page.get_by_role("dialog").get_by_role("button", name="Upload", exact=True).click()
    await page.keyboard.press("Escape")
    await page.get_by_role("navigation").get_by_role("link", name="Events").first.click()
    await until(lambda: [each.state for each in web.xend.manager.jobs()] == [JobState.DONE])
    assert (images / iso.name).read_bytes() == iso.read_bytes()
    assert person.faults == []


async def test_who_may_make_no_images_is_told_why(browser: Browser, web: Web) -> None:
    person = await as_user(browser, web, "vic")
    await person.page.goto("/images")
    button = person.page.get_by_role("button", name="Upload…")
    await button.focus()
    await expect(button).to_have_attribute("aria-disabled", "true")
    await expect(person.page.get_by_role("tooltip").filter(visible=True)).to_contain_text("by operators")
    await expect(person.page.get_by_role("dialog")).to_have_count(0)


async def test_in_the_wizard_the_uploaded_image_is_chosen(browser: Browser, web: Web, images: Path, iso: Path) -> None:
    person = await as_user(browser, web)
    page = person.page
    await page.goto("/domains/new/iso?name=web")
    await open_dialog(page)
    await is_well(person)
    await page.get_by_label("File on this computer").set_input_files(iso)
    await page.get_by_label("Name on the host").fill("d.iso")
    await page.get_by_label("Name on the host").press("Enter")
    await expect(page.get_by_label("Installation ISO")).to_have_value(str(images / "d.iso"))
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_label("Name", exact=True)).to_have_value("web")
    assert f"target={images}/d.iso" in await page.get_by_role("region", name="Guest file").inner_text()
    assert [each.operation for each in web.xend.manager.jobs()] == ["disk upload"]
    assert person.faults == []
