"""The command palette, by the keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect
from tests.browser.conftest import PATIENCE
from tests.browser.test_page import as_user, is_well
from tests.gateway.conftest import Web

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
expect.set_options(timeout=PATIENCE)


async def test_one_goes_anywhere_and_acts_by_the_keyboard_alone(browser: Browser, web: Web) -> None:
    for name in ("web01", "web02"):
        await web.xend.create(name)
    person = await as_user(browser, web)
    page = person.page
    await page.goto("/domains")
    await person.sees("3 of 3")
    options = page.get_by_role("option")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox")).to_be_focused()
    await page.keyboard.type("web")
    await expect(options.first).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/domains/web02$"))
    await page.keyboard.press("Control+k")
    await page.keyboard.type("pause web01")
    await expect(options).to_have_text([re.compile("Pause: web01")])
    await page.keyboard.press("Enter")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("reboot web01")
    await expect(options.first).to_have_attribute("aria-disabled", "true")
    await expect(options.first).to_contain_text("it is paused")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.get_by_role("combobox").fill("destroy web01")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_contain_text("What it has not yet written to its disks is lost")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("nothing like this")
    await person.sees("There is nothing like this.")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator("input:focus")).to_have_count(0)  # the browser takes it away with its next picture
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_contain_text("go anywhere")
    assert person.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
async def test_the_palette_fits_and_is_accessible(browser: Browser, web: Web, width: int, scheme: str) -> None:
    await web.xend.create("a-domain-with-quite-a-long-name-that-has-to-fit-somewhere")
    person = await as_user(browser, web, "vic", viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = person.page
    await page.goto("/host")
    await expect(page.get_by_role("heading", name="sim", level=1)).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.keyboard.type("long")
    await expect(page.get_by_role("option").nth(1)).to_contain_text("needs the role operator")
    await is_well(person)
    assert person.faults == []
