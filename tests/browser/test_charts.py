"""The charts of what was used, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from tests.browser.conftest import PATIENCE
from tests.browser.test_page import as_user, is_well
from tests.gateway.conftest import Web

from xenia.manager.usage_sampler import UsageSampler
from xenia.model.stats import DiskStats, Stats, VcpuStats, VifStats
from xenia.store.usage_series import PACE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
expect.set_options(timeout=PATIENCE)

INKED = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(each => each > 0)"


async def used_for_an_hour(web: Web, name: str) -> str:
    """A domain of which each look has seen something, but for a few minutes in the middle; its UUID."""
    uuid = await web.xend.create(name)
    sampler = UsageSampler(web.xend.manager.usage)
    for number in range(360):
        web.xend.world.now += PACE
        web.xend.world.host.guests[uuid].stats = counted(number)
        if not 150 < number < 180:
            await sampler.look()
    return uuid


def counted(number: int) -> Stats:
    count = 10**6 * number * (number % 5)
    return Stats(
        (VcpuStats(0, number * (number % 3)),),
        (DiskStats("xvda", count, count // 2, number, number),),
        (VifStats(0, "vif1.0", count, count // 3, 0, 0),),
    )


def chart(page: Page, name: str) -> Locator:
    return page.get_by_role("img", name=re.compile(f"^{name}: "))


async def test_a_domain_shows_what_it_has_used_and_the_range_is_in_the_address(browser: Browser, web: Web) -> None:
    await used_for_an_hour(web, "web01")
    person = await as_user(browser, web)
    page = person.page
    await page.goto("/domains/web01")
    for name in ("CPU", "Memory", "Disk", "Network"):
        await expect(chart(page, name)).to_have_attribute("aria-label", re.compile("at most"))
        assert await chart(page, name).locator("canvas").evaluate(INKED)
    await expect(chart(page, "Memory")).to_have_attribute(
        "aria-label", re.compile("128 MiB on average, 128 MiB at most")
    )
    await page.get_by_text("Memory as a table").click()
    rows = page.get_by_role("group", name="Memory as a table").locator("tbody tr")
    await expect(rows).to_have_count(12)
    await expect(rows.last).to_contain_text("128 MiB")
    await page.get_by_role("link", name="24 h").click()
    await expect(page).to_have_url(re.compile(r"/domains/web01\?hours=24$"))
    await page.reload()
    await expect(page.get_by_role("link", name="24 h")).to_have_attribute("aria-current", "true")
    await expect(chart(page, "CPU")).to_have_attribute("aria-label", re.compile("at most"))
    await page.go_back()
    await expect(page.get_by_role("link", name="1 h")).to_have_attribute("aria-current", "true")
    assert person.faults == []


async def test_charts_grow_by_what_the_stream_tells(browser: Browser, web: Web) -> None:
    uuid = await web.xend.create("web01")
    guest = web.xend.world.host.guests[uuid]
    guest.stats = counted(0)
    person = await as_user(browser, web)
    page = person.page
    for path in ("/domains/web01", "/host"):
        await page.goto(path)
        await expect(chart(page, "Disk")).to_have_attribute(
            "aria-label", re.compile("written 0 B/s now.* 0 B/s at most")
        )
        written = guest.stats.disks[0].write_bytes if guest.stats and guest.stats.disks else 0
        guest.stats = Stats((VcpuStats(0, 0),), (DiskStats("xvda", 0, written + 10**12, 0, 0),))
        await expect(chart(page, "Disk")).to_have_attribute("aria-label", re.compile(r"written .* [\d.]+ GB/s at most"))
    assert person.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
async def test_charts_fit_and_are_accessible(browser: Browser, web: Web, width: int, scheme: str) -> None:
    await used_for_an_hour(web, "web01")
    person = await as_user(browser, web, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = person.page
    for path in ("/domains/web01", "/domains/web01?hours=720", "/host"):
        await page.goto(path)
        await expect(chart(page, "Network").locator("canvas")).to_be_visible()
        await page.get_by_text("Disk as a table").click()
        await expect(page.get_by_role("group", name="Disk as a table").locator("tbody tr")).to_have_count(12)
        await is_well(person)
    await page.evaluate("localStorage.setItem('xenia.language', 'de')")
    await page.goto("/domains/web01")
    await expect(chart(page, "Netz")).to_have_attribute("aria-label", re.compile("höchstens"))
    assert person.faults == []
