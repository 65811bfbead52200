"""The page in a real browser, in front of simulated guests."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect
from tests.browser.conftest import PATIENCE, Person, somebody
from tests.gateway.conftest import Web

from xenia.model.caller import Caller, Role

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
expect.set_options(timeout=PATIENCE)

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"


async def as_user(browser: Browser, web: Web, user: str = "ada", **more: Any) -> Person:
    return await somebody(browser, web.url, await web.secret(user), **more)


async def tagged(web: Web, name: str, *tags: str) -> None:
    """A running domain, as if its guest file had these."""
    entry = web.xend.manager._parts.lifecycle.table.get(await web.xend.create(name))
    assert entry is not None
    assert entry.started is not None
    entry.started = replace(entry.started, config=replace(entry.started.config, tags=tags))


async def test_somebody_logs_in_wrongly_and_then_well_and_out(browser: Browser, web: Web) -> None:
    person = await somebody(browser, web.url)
    page = person.page
    await page.goto("/domains")
    await page.get_by_label("User").fill("ada")
    await page.get_by_label("Password").fill("wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("the password is wrong")
    await page.get_by_label("Password").fill("ada"[::-1])
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Domains")).to_be_visible()
    await page.get_by_role("button", name="Log out").click()
    await expect(page.get_by_label("Password")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("Password")).to_be_visible()
    assert person.faults == []


async def test_a_domain_is_paused_and_destroyed_and_what_cannot_be_says_why(browser: Browser, web: Web) -> None:
    await web.xend.create("web01")
    person = await as_user(browser, web)
    page = person.page
    await page.goto("/domains")
    await page.get_by_role("link", name="web01").click()
    await page.get_by_role("button", name="Pause", exact=True).click()
    await expect(page.locator(".pill")).to_have_text(re.compile("Paused"))
    greyed = page.get_by_role("button", name="Shut down")
    await greyed.focus()
    await expect(page.get_by_role("tooltip").filter(visible=True)).to_contain_text(
        "cannot shutdown domain 'web01': it is paused"
    )
    await greyed.click(force=True)  # to whoever clicks nevertheless, nothing happens
    await page.get_by_role("button", name="Unpause").click()
    await expect(page.locator(".pill")).to_have_text(re.compile("Running"))
    await page.get_by_role("link", name="Events", exact=True).last.click()
    jobs = page.get_by_role("region", name="Jobs: web01").get_by_role("listitem")
    await expect(jobs).to_have_text([re.compile(each) for each in ("^ unpause web01", "^ pause web01")])
    said = page.get_by_role("group", name="Log: pause web01")
    await page.get_by_role("button", name="Log: pause web01").click()
    await expect(said.get_by_role("listitem")).to_have_text([re.compile(r"domain web01 \(id 1\): paused")])
    await is_well(person)
    await page.get_by_role("button", name="Log: pause web01").click()
    await expect(said).to_have_count(0)
    happened = page.get_by_role("region", name="Events: web01").get_by_role("listitem")
    await expect(happened).to_have_text([re.compile(each) for each in ("resumed", "paused", "started")])
    await is_well(person)
    await page.get_by_role("button", name="Destroy").click()
    await expect(page.get_by_role("dialog")).to_contain_text("What it has not yet written to its disks is lost")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.get_by_role("button", name="Destroy").click()
    await page.get_by_role("dialog").get_by_role("button", name="Destroy").click()
    await person.sees("There is no domain web01.")
    assert person.faults == []


async def test_a_viewer_is_shown_what_it_would_take(browser: Browser, web: Web) -> None:
    await web.xend.create("web01")
    person = await as_user(browser, web, "vic")
    await person.page.goto("/domains/web01")
    await person.page.get_by_role("button", name="Pause").focus()
    await expect(person.page.get_by_role("tooltip").filter(visible=True)).to_contain_text(
        "pause needs the role operator"
    )
    assert person.faults == []


async def test_what_is_searched_and_chosen_is_in_the_address(browser: Browser, web: Web) -> None:
    for name, tags in (("mail", "lab"), ("web01", "production"), ("web02", "lab")):
        await tagged(web, name, tags)
    person = await as_user(browser, web)
    page, rows = person.page, person.page.locator("tbody tr")
    await page.goto("/domains")
    await expect(rows).to_have_count(4)
    await page.keyboard.press("/")
    await page.keyboard.type("web")
    await expect(rows).to_have_count(2)
    await page.get_by_role("button", name="Filter", exact=True).click()
    await page.get_by_label("lab").check()
    await expect(rows).to_have_count(1)
    assert page.url.endswith("/domains?q=web&tag=lab")
    await page.reload()
    await expect(rows).to_have_count(1)
    await page.get_by_role("button", name="Remove the filter tag").click()
    await expect(rows).to_have_count(2)
    await page.get_by_role("searchbox").fill("nothing like this")
    await person.sees("No domain is like this.")
    assert person.faults == []


async def test_columns_are_chosen_by_keys_and_kept_in_the_address(browser: Browser, web: Web) -> None:
    await tagged(web, "web01", "production")
    person = await as_user(browser, web, viewport={"width": 1440, "height": 800})
    page = person.page
    heads = page.get_by_role("columnheader")
    await page.goto("/domains?q=web")
    await expect(heads).to_have_count(10)  # with that for the selection
    menu = page.get_by_role("button", name="Columns")
    await menu.focus()
    await page.keyboard.press("Enter")
    for name in ("VCPUs", "Kind", "CPU, 5 min", "State"):
        await page.get_by_label(name, exact=True).focus()
        await page.keyboard.press("Space")
    await is_well(person)
    await page.keyboard.press("Escape")
    await expect(menu).to_be_focused()
    await expect(menu).to_have_attribute("aria-expanded", "false")
    await expect(page.get_by_role("columnheader", name="VCPUs")).to_be_visible()
    await expect(page.get_by_role("columnheader", name="State")).to_have_count(0)
    assert "q=web&columns=vcpus%2Cmemory%2C" in page.url
    await page.get_by_role("columnheader", name="Memory").get_by_role("button").click()
    assert page.url.endswith("sort=-memory&columns=vcpus%2Cmemory%2Cdisk%2Cnetwork%2Cup%2Ctags")
    await page.reload()
    await expect(heads).to_have_count(8)
    await page.set_viewport_size({"width": 390, "height": 800})
    await expect(page.locator(".c-state .st")).to_be_visible()  # as phones always have it
    await expect(page.locator("td.c-vcpus")).to_be_hidden()
    await expect(menu).to_have_count(0)
    await is_well(person)
    await page.set_viewport_size({"width": 1440, "height": 800})
    await menu.click()
    await page.get_by_role("button", name="As usual").click()
    await expect(heads).to_have_count(10)
    assert page.url.endswith("q=web&sort=-memory")
    assert person.faults == []


async def test_who_may_not_change_guest_files_is_told_so_at_the_tags(browser: Browser, web: Web) -> None:
    await tagged(web, "web01", "production")
    person = await as_user(browser, web, "olga")
    await person.page.goto("/domains/web01")
    await expect(person.page.get_by_role("link", name="production", exact=True)).to_be_visible()
    await person.page.get_by_role("button", name="Tags…").focus()
    await expect(person.page.get_by_role("tooltip").filter(visible=True)).to_contain_text(
        "administrators of the whole host"
    )
    assert person.faults == []


async def test_only_with_the_keyboard(browser: Browser, web: Web) -> None:
    for name in ("one", "two"):
        await web.xend.create(name)
    person = await as_user(browser, web)
    page = person.page
    await page.goto("/domains")
    await person.sees("3 of 3")
    for key in ("j", "j", "x", "j", "x"):
        await page.keyboard.press(key)
    await person.sees("2 selected")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("toolbar")).to_have_count(0)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/domains/two$"))
    await page.keyboard.press("g")
    await page.keyboard.press("j")
    await expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_contain_text("select the domain")
    assert person.faults == []


async def test_a_thousand_domains_are_few_rows_and_many_can_be_acted_on(browser: Browser, web: Web) -> None:
    for number in range(1000):
        await web.xend.create(f"guest{number:04}")
    person = await as_user(browser, web)
    page = person.page
    await page.goto("/domains")
    await person.sees("1001 of 1001")
    await expect(page.locator("table")).to_have_attribute("aria-rowcount", "1002")
    assert await page.locator("tbody tr").count() < 70
    await page.get_by_role("group", name="Domains").evaluate("element => element.scrollTop = element.scrollHeight")
    await expect(page.get_by_role("link", name="guest0999")).to_be_visible()
    await page.get_by_label("Select all that are shown").check()
    await person.sees("1000 selected")
    await page.get_by_role("searchbox").fill("guest099")
    await person.sees("1000 selected, 990 hidden")
    assert person.faults == []


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (390, "light"), (1024, "dark"), (1440, "light")])
async def test_each_screen_fits_and_is_accessible(browser: Browser, web: Web, width: int, scheme: str) -> None:
    await web.xend.create("a-domain-with-quite-a-long-name-that-has-to-fit-somewhere")
    await tagged(web, "web01", "production")
    more = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    visitor, person = await somebody(browser, web.url, **more), await as_user(browser, web, **more)
    await visitor.page.goto("/")
    await expect(visitor.page.get_by_label("Password")).to_be_visible()
    await is_well(visitor)
    for path, heading in (
        ("/domains", "Domains"),
        ("/domains/web01", "web01"),
        ("/domains/web01/events", "web01"),
        ("/domains/web01/file", "web01"),
        ("/domains/web01/snapshots", "web01"),
        ("/domains/web01/console", "web01"),
        ("/domains/web01/devices", "web01"),
        ("/images", "Images"),
        ("/networks", "Networks"),
        ("/networks/+new", "New network"),
        ("/audit", "Audit"),
        ("/domains/new", "New domain"),
        ("/domains/new/image?name=a/b&path=/x", "New domain"),
        ("/domains/new/kernel?name=web01&memory=much&kernel=/k", "New domain"),
        ("/domains/new/iso/file", "New domain"),
        ("/domains/new/clone?of=web01&count=0", "New domain"),
        ("/jobs", "Jobs"),
        ("/jobs/1", "create"),
        ("/events", "Events"),
        ("/host", ""),
        ("/account", "Account"),
    ):
        await person.page.goto(path)
        await expect(person.page.get_by_role("heading", name=heading, level=1)).to_be_visible()
        await is_well(person)
    await person.page.goto("/domains/nobody")
    await person.sees("There is no domain nobody.")
    assert person.faults + visitor.faults == []


async def test_a_network_is_planned_made_and_deleted(browser: Browser, web: Web) -> None:
    person = await as_user(browser, web)
    page = person.page
    await page.goto("/networks")
    await page.get_by_role("link", name="New network").click()
    await page.get_by_label("Name").fill("lan")
    definition = page.get_by_role("textbox", name="Definition")
    await definition.fill('mode = "net"\n')
    await page.get_by_role("button", name="What would change?").click()
    await expect(page.get_by_role("alert")).to_contain_text("mode")
    await definition.fill('mode = "nat"\nsubnet = "10.20.0.0/24"\n')
    await page.get_by_role("button", name="What would change?").click()
    await person.sees("bridge lan")
    await page.get_by_role("button", name="Save and apply").click()
    await expect(page).to_have_url(re.compile("/networks/lan$"))
    await person.sees("None was given.")
    await expect(definition).to_have_value(re.compile("10.20.0.0/24"))
    await page.goto("/networks/+new")
    await page.get_by_label("Name").fill("other")
    await page.get_by_role("button", name="Save and apply").click()
    await expect(page.get_by_role("alert")).to_contain_text("10.20.0.0/24")
    assert page.url.endswith("/networks/+new")
    await expect(definition).to_have_value(re.compile("10.20.0.0/24"))
    await page.get_by_role("link", name="Networks").first.click()
    row = page.get_by_role("row").filter(has_text="10.20.0.1/24")
    await expect(row).to_contain_text("NAT")
    await row.get_by_role("link", name="lan").click()
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await person.sees("There is no network yet.")
    assert person.faults == []


async def test_a_viewer_may_look_at_networks_and_not_at_images(browser: Browser, web: Web) -> None:
    person = await as_user(browser, web, "vic")
    await person.page.goto("/networks")
    await person.sees("There is no network yet.")
    await expect(person.page.get_by_role("link", name="New network")).to_have_count(0)
    await person.page.goto("/images")
    await person.sees("needs the role operator")
    await person.page.goto("/audit")
    await person.sees("needs the role administrator")
    await web.xend.create("web01")
    await person.page.goto("/domains/web01/devices")
    await person.page.get_by_role("button", name="Plug in a disk").focus()
    await expect(person.page.get_by_role("tooltip").filter(visible=True)).to_contain_text("needs the role operator")
    assert person.faults == []


async def is_well(person: Person) -> None:
    """axe-core has nothing to say, and nothing is wider than the page."""
    page = person.page
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run({resultTypes: ['violations']})")
    told = [(each["id"], [node["html"] for node in each["nodes"]][:3]) for each in found["violations"]]
    assert told == [], page.url
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


async def test_the_page_speaks_german_and_keeps_that(browser: Browser, web: Web) -> None:
    person = await as_user(browser, web)
    page = person.page
    await page.goto("/domains")
    await page.get_by_role("button", name="Deutsch").click()
    await expect(page.get_by_role("heading", name="Domänen")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Domänen")).to_be_visible()
    assert await page.evaluate("document.documentElement.lang") == "de"


async def test_a_login_that_ends_is_said(browser: Browser, web: Web) -> None:
    secret = await web.secret("ada")
    person = await somebody(browser, web.url, secret)
    await person.page.goto("/domains")
    await person.sees("Live")
    async with web.client(authorization=f"Bearer {secret}") as client:
        await client.post("/v1/logout")
    await person.page.reload()
    await expect(person.page.get_by_label("Password")).to_be_visible()


async def test_a_link_of_the_host_logs_in_once_and_is_gone_from_the_address(browser: Browser, web: Web) -> None:
    given = await web.xend.doors.login_links.give(Caller(1000, "ada", Role.ADMINISTRATOR))
    place = f"/login#{given.url.partition('#')[2]}"
    person, other = await somebody(browser, web.url), await somebody(browser, web.url)
    await person.page.goto(place)
    await expect(person.page.get_by_role("heading", name="Domains")).to_be_visible()
    assert person.page.url == f"{web.url}/domains"
    await person.page.reload()
    await expect(person.page.get_by_role("heading", name="Domains")).to_be_visible()
    await other.page.goto(place)
    await expect(other.page.get_by_role("alert")).to_contain_text("this link is not known, was used, or is over")
    await other.page.get_by_role("button", name="Try again").click()
    await expect(other.page.get_by_label("Password")).to_be_visible()
    assert person.faults + other.faults == []
