"""Where domains are made, in a real browser: what is asked, written and said, without making any."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import PATIENCE
from tests.browser.test_page import as_user
from tests.gateway.conftest import Web

from xenia.guestfile.plain import parse
from xenia.guestfile.read import read
from xenia.guestfile.text import prepare

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
expect.set_options(timeout=PATIENCE)

AWKWARD = 'it\'s "so" \\ $(x) `y` #, ä ß € 😀 \t\n=;\x07\'\'\'""" \\n end'


async def text_of(page: Page, kind: str, said: Mapping[str, str]) -> str:
    """The guest file that is shown for what was said."""
    await page.goto(f"/domains/new/{kind}?{urlencode(said, quote_via=quote)}")
    return await page.get_by_role("region", name="Guest file").text_content() or ""


def as_python(text: str) -> dict[str, Any]:
    """The values of a guest file of assignments alone, as Python reads them."""
    lines = ast.parse(text).body
    assert all(isinstance(line, ast.Assign) for line in lines)
    return {line.targets[0].id: ast.literal_eval(line.value) for line in lines}  # type: ignore[attr-defined]


async def test_what_is_typed_is_what_both_languages_read(browser: Browser, web: Web) -> None:
    person = await as_user(browser, web)
    said = {"name": AWKWARD, "kernel": f"/k/{AWKWARD}", "ramdisk": f"/r/{AWKWARD}", "extra": AWKWARD}
    text = await text_of(person.page, "kernel", said)
    bindings = parse(prepare(text, "")[0]).bindings
    plain, python = {key: each.value for key, each in bindings.items()}, as_python(text)
    for key, value in said.items():
        assert plain[key] == python[key] == value
    assert plain == python
    assert person.faults == []


@pytest.mark.parametrize("name", ["with blank, comma", 'a"b', "ä'ö", "back\\slash", "x,target=y", "#no comment", "*?"])
async def test_images_are_where_they_were_said_to_be(browser: Browser, web: Web, name: str) -> None:
    person = await as_user(browser, web)
    said = {"name": "web", "iso": f"/iso/{name}.iso", "disk": "old", "path": f"/images/{name}", "format": "qcow2"}
    reading = read(await text_of(person.page, "iso", said), file="")
    assert reading.config is not None
    disk, cdrom = reading.config.disks
    assert (disk.path, disk.target, disk.format, disk.cdrom) == (f"/images/{name}", "xvda", "qcow2", False)
    assert (cdrom.path, cdrom.cdrom) == (f"/iso/{name}.iso", True)
    assert (reading.config.name, reading.config.memory, reading.config.vcpus) == ("web", 2048, 2)
    assert (reading.config.boot.order, reading.config.kind, len(reading.config.vifs)) == ("dc", "hvm", 1)


async def test_cards_firmware_and_rdp_are_what_was_chosen(browser: Browser, web: Web) -> None:
    text = 'mode = "nat"\nsubnet = "10.20.0.0/24"\n'
    (await web.xend.client.put("/v1/networks/lan", json={"text": text}, params={"wait": 10})).raise_for_status()
    person = await as_user(browser, web)
    page = person.page
    await page.goto("/domains/new/image?name=web&path=/images/a.img")
    await page.get_by_label("Firmware").select_option("UEFI")
    await page.get_by_label("Screen").select_option("VNC, here in the page, and RDP")
    await page.get_by_role("button", name="Another card").click()
    await page.get_by_role("button", name="Another card").click()
    for number in (1, 2, 3):
        card = page.get_by_label(f"Card {number}", exact=True)
        await card.select_option("network:lan" if number == 2 else "")
    await page.get_by_role("button", name="Without card 1").click()
    reading = read(await page.get_by_role("region", name="Guest file").text_content() or "", file="")
    assert reading.config is not None
    assert [each.network for each in reading.config.vifs] == ["lan", None]
    assert (reading.config.boot.firmware, reading.config.display.rdp) == ("uefi", True)
    for name in ("Without card 2", "Without card 1"):
        await page.get_by_role("button", name=name).click()
    await expect(page.get_by_role("region", name="Guest file")).to_contain_text("vif      = []")
    await page.reload()
    await expect(page.get_by_role("region", name="Guest file")).to_contain_text("vif      = []")
    await expect(page.get_by_role("button", name="A card")).to_be_visible()
    assert person.faults == []


async def test_xend_complains_at_the_fields_and_the_address_keeps_what_was_typed(browser: Browser, web: Web) -> None:
    await web.xend.create("web01")
    person = await as_user(browser, web)
    page = person.page
    await page.goto("/domains")
    await page.get_by_role("button", name="New domain").click()
    make = page.get_by_role("button", name="Make and start domain")
    await expect(page.get_by_text("Still needed: name, ISO")).to_be_visible()
    await expect(make).to_have_attribute("aria-disabled", "true")
    name, memory = page.get_by_label("Name", exact=True), page.get_by_label("Memory in MiB")
    await name.fill("a b")
    await page.get_by_label("Installation ISO").fill("debian.iso")
    await memory.fill("much")
    await expect(page.locator("#new-name-said")).to_contain_text("'a b' cannot be a name")
    await expect(page.locator("#new-memory-said")).to_contain_text("memory takes a number, not 'much'")
    await expect(page.locator("#new-iso-said")).to_contain_text("begins with /")
    await expect(memory).to_have_attribute("aria-invalid", "true")
    await name.fill("web01")
    await expect(page.locator("#new-name-said")).to_contain_text("There is a domain web01 already.")
    await name.fill("web02")
    await memory.fill("4096")
    await page.get_by_label("Size in GiB").fill("0")
    await expect(page.locator("#new-size-said")).to_contain_text("1 or more")
    await expect(page.locator("#new-name-said")).to_have_count(0)
    assert "/domains/new?name=web02&memory=4096&size=0&iso=debian.iso" in page.url
    await page.reload()
    await expect(name).to_have_value("web02")
    await expect(page.locator("code")).to_contain_text("xm start web02")
    await page.get_by_label("Start it now").uncheck()
    await expect(page.locator("code")).not_to_contain_text("xm start")
    await expect(page.get_by_role("button", name="Make domain")).to_have_attribute("aria-disabled", "true")
    assert person.faults == []


async def test_by_hand_the_text_is_kept_and_complained_of(browser: Browser, web: Web) -> None:
    person = await as_user(browser, web)
    page = person.page
    await page.goto("/domains/new/kernel?name=web&kernel=/k&disk=none")
    await page.get_by_role("link", name="By hand").click()
    await expect(page).to_have_url(re.compile(r"/domains/new/kernel/file\?name=web"))
    text = page.get_by_role("textbox", name="Guest file")
    await expect(text).to_have_value(re.compile('kernel   = "/k"'))
    drawn = await text.input_value()
    await text.fill(f"{drawn}memroy = 1\nvcpus = [\n")
    await expect(page.get_by_text("Errors: 1.")).to_be_visible()
    await text.fill(f"{drawn}memroy = 1\n")
    await expect(page.get_by_text("did you mean memory?")).to_be_visible()
    await page.get_by_role("link", name="Settings").click()
    await expect(page.get_by_label("Name", exact=True)).to_have_value("web")
    await page.get_by_role("link", name="By hand").click()
    await expect(text).to_have_value(f"{drawn}memroy = 1\n")
    await page.get_by_role("button", name="Begin again from the settings").click()
    await expect(text).to_have_value(drawn)
    assert person.faults == []


async def test_a_host_without_domains_leads_here(browser: Browser, web: Web) -> None:
    person = await as_user(browser, web)
    await person.page.goto("/domains")
    await person.sees("There is no domain yet.")
    await person.page.get_by_role("link", name="Make one here").click()
    await expect(person.page.get_by_role("heading", name="New domain", level=1)).to_be_visible()
    await person.page.goto("/domains")
    await person.sees("There is no domain yet.")
    await person.page.keyboard.press("n")
    await expect(person.page).to_have_url(re.compile("/domains/new$"))
    assert person.faults == []


async def test_who_may_not_is_told_which_role_it_takes(browser: Browser, web: Web) -> None:
    await web.xend.create("web01")
    person = await as_user(browser, web, "vic")
    page = person.page
    for place, button in (("/domains", "New domain"), ("/domains/web01", "Clone")):
        await page.goto(place)
        greyed = page.get_by_role("button", name=button)
        await greyed.focus()
        await expect(page.get_by_role("tooltip").filter(visible=True)).to_contain_text("for administrators of the host")
        await greyed.click(force=True)
        assert page.url.endswith(place)
    await page.goto("/domains/new/image")
    await person.sees("Your role on the host is viewer.")
    await expect(page.get_by_role("textbox")).to_have_count(0)
    assert person.faults == []


async def test_a_domain_that_is_called_new_has_its_page(browser: Browser, web: Web) -> None:
    await web.xend.create("new")
    person = await as_user(browser, web)
    await person.page.goto("/domains")
    await person.page.get_by_role("link", name="new", exact=True).click()
    await expect(person.page.get_by_role("heading", name="new", level=1, exact=True)).to_be_visible()
    await person.page.get_by_role("link", name="Events").last.click()
    await expect(person.page).to_have_url(re.compile("/domains/new/events$"))


async def test_it_speaks_german(browser: Browser, web: Web) -> None:
    person = await as_user(browser, web, viewport={"width": 1440, "height": 900})
    await person.page.goto("/domains/new/image")
    await person.page.get_by_role("button", name="Deutsch").click()
    await person.sees("Noch nötig: Name, Abbild")
    await person.sees("Domäne anlegen und starten")


async def test_the_file_and_the_commands_are_copied(browser: Browser, web: Web) -> None:
    person = await as_user(browser, web, permissions=["clipboard-read", "clipboard-write"])
    page = person.page
    text = await text_of(page, "kernel", {"name": "it's", "kernel": "/k", "disk": "none"})
    await page.get_by_role("button", name="Copy the guest file").click()
    await person.sees("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == text
    await page.get_by_role("button", name="Copy the commands").click()
    await expect(page.locator(".newpreview .row").filter(has_text="The same in a shell")).to_contain_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == ("xm new './it'\\''s.cfg'\nxm start 'it'\\''s'")
