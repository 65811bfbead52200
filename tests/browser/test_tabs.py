"""Several tabs of one browser: one stream for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from tests.browser.conftest import (
    ARGUMENTS,
    CHROMIUM,
    PATIENCE,
    TRUSTING,
    Person,
    close_pages,
    cookie_of,
    read_either,
    somebody,
    the_page,
)
from tests.gateway.conftest import Web, served
from tests.support.waiting import until
from tests.support.world import World
from tests.support.xend import running_xend

from xenia.api.live import Live
from xenia.settings.certificate import Certificate

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
expect.set_options(timeout=PATIENCE)


@dataclass
class Streams:
    """Of xend: how many were opened, and are open."""

    opened: int = 0
    open: int = 0


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> Streams:
    counted, listening = Streams(), Live.listening

    @contextmanager
    def counting(live: Live) -> Iterator[None]:
        counted.opened += 1
        counted.open += 1
        try:
            with listening(live):
                yield
        finally:
            counted.open -= 1

    monkeypatch.setattr(Live, "listening", counting)
    return counted


async def tab(person: Person, path: str = "/domains") -> Page:
    """Another one of the same browser."""
    page = await person.page.context.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("pageerror", lambda error: person.faults.append(str(error)))
    await page.goto(path)
    return page


async def is_paused(page: Page, paused: bool = True) -> None:
    await expect(page.get_by_role("row").filter(has_text="web01")).to_contain_text("Paused" if paused else "Running")


async def test_three_tabs_make_one_stream_and_go_on_without_the_first(
    browser: Browser, web: Web, streams: Streams
) -> None:
    await web.xend.create("web01")
    person = await somebody(browser, web.url, await web.secret("ada"))
    first = person.page
    await first.goto("/domains")
    await is_paused(first, False)
    second, third = await tab(person), await tab(person, "/domains/web01")
    await is_paused(second, False)
    await expect(third.locator(".pill")).to_contain_text("Running")
    assert (streams.opened, streams.open) == (1, 1)
    await web.xend.post("/domains/web01/pause", wait=10)
    await is_paused(first)
    await is_paused(second)
    await expect(third.locator(".pill")).to_contain_text("Paused")
    await first.close()
    await web.xend.post("/domains/web01/unpause", wait=10)
    await is_paused(second, False)
    await expect(third.locator(".pill")).to_contain_text("Running")
    assert (streams.opened, streams.open) == (1, 1)
    await second.close()
    await third.close()
    await until(lambda: streams.open == 0)  # the stream ends with the last tab
    assert person.faults == []


async def test_a_worker_that_has_ended_is_replaced(browser: Browser, web: Web, streams: Streams) -> None:
    await web.xend.create("web01")
    person = await somebody(browser, web.url, await web.secret("ada"))
    await person.page.goto("/domains")
    second = await tab(person)
    for page in (person.page, second):
        await is_paused(page, False)
    session = await browser.new_browser_cdp_session()
    targets = (await session.send("Target.getTargets"))["targetInfos"]
    (worker,) = [each["targetId"] for each in targets if each["type"] == "shared_worker"]
    await session.send("Target.closeTarget", {"targetId": worker})
    await until(lambda: streams.opened == 2 and streams.open == 1)
    await web.xend.post("/domains/web01/pause", wait=10)
    for page in (person.page, second):
        await is_paused(page)
    assert person.faults == []


async def test_who_logs_out_does_so_in_all_tabs_and_somebody_else_begins_anew(
    browser: Browser, web: Web, streams: Streams
) -> None:
    await web.xend.create("web01")
    person = await somebody(browser, web.url, await web.secret("ada"))
    first = person.page
    await first.goto("/domains")
    second, third = await tab(person), await tab(person, "/host")
    await is_paused(second, False)
    await first.get_by_role("button", name="Log out").click()
    for page in (first, second, third):
        await expect(page.get_by_label("Password")).to_be_visible()
    await until(lambda: streams.open == 0)
    await second.get_by_label("User").fill("vic")
    await second.get_by_label("Password").fill("civ")
    await second.keyboard.press("Enter")
    await is_paused(second, False)
    await expect(second.get_by_text("vic", exact=True)).to_be_visible()
    await expect(first.get_by_label("Password")).to_be_visible()
    await first.reload()
    await is_paused(first, False)
    assert (streams.opened, streams.open) == (2, 1)
    assert person.faults == []


async def test_who_has_another_login_by_now_is_told_nothing_of_it(browser: Browser, web: Web, streams: Streams) -> None:
    """One tab of ada's, whose stream is cut off when the browser is vic's."""
    await web.xend.create("web01")
    ada, vic = await web.secret("ada"), await web.secret("vic")
    person = await somebody(browser, web.url, ada)
    await person.page.goto("/domains")
    await is_paused(person.page, False)
    await person.page.context.add_cookies([cookie_of(vic, web.url)])
    async with web.client(authorization=f"Bearer {ada}") as client:
        await client.post("/v1/logout")
    second = await tab(person)
    await expect(second.get_by_text("vic", exact=True)).to_be_visible()
    await is_paused(second, False)
    await expect(person.page.get_by_text("Your login has ended.").first).to_be_visible()
    await until(lambda: streams.open == 1)
    await web.xend.post("/domains/web01/pause", wait=10)
    await is_paused(second)
    await is_paused(person.page, False)
    assert person.faults == []


async def test_a_xend_that_starts_anew_is_found_by_all_with_one_stream(
    browser: Browser, tmp_path: Path, certificate: Certificate, tls: SSLContext, streams: Streams
) -> None:
    world = World(read=read_either)
    async with running_xend(tmp_path, world) as xend, served(xend.web, certificate, the_page()) as host:
        web = Web(xend, host, tls)
        await xend.create("old")
        person = await somebody(browser, web.url, await web.secret("ada"))
        await person.page.goto("/domains")
        pages = [person.page, await tab(person)]
        for page in pages:
            await expect(page.get_by_role("link", name="old")).to_be_visible()
        xend.doors.stopping.set()
        await until(lambda: streams.open == 0)
        xend.doors.stopping.clear()
        await xend.create("new")
        for page in pages:
            await expect(page.get_by_role("link", name="new")).to_be_visible()
        assert streams.open == 1
        await close_pages(browser)


@pytest.mark.parametrize("why", ["it has none", "it does not trust the certificate"])
async def test_a_browser_without_a_worker_of_use_has_a_stream_for_each_tab(
    web: Web, streams: Streams, why: str
) -> None:
    await web.xend.create("web01")
    arguments = ARGUMENTS if why == "it has none" else [each for each in ARGUMENTS if each != TRUSTING]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        person = await somebody(browser, web.url, await web.secret("ada"))
        if why == "it has none":
            await person.page.context.add_init_script("delete window.SharedWorker")
        await person.page.goto("/domains")
        second = await tab(person)
        for page in (person.page, second):
            await is_paused(page, False)
        assert (streams.opened, streams.open) == (2, 2)
        await second.get_by_role("button", name="Log out").click()
        await expect(second.get_by_label("Password")).to_be_visible()
        await until(lambda: streams.open == 1)
        await browser.close()
    assert person.faults == []
