"""Somebody's account in a real browser: logins, tokens, and security keys, which are Chromium's own in software."""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Browser, CDPSession, Page, async_playwright, expect
from tests.browser.conftest import ARGUMENTS, CHROMIUM, PATIENCE, Person, somebody
from tests.gateway.conftest import Web

from xenia.manager.logins.people import Admitted
from xenia.model.grant import read_grant
from xenia.model.security_key import Site
from xenia.settings.certificate import Certificate

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
expect.set_options(timeout=PATIENCE)

HOST = "alpha.example"


@pytest.fixture
async def browser(certificate: Certificate) -> AsyncIterator[Browser]:
    """One that finds the host by a name and trusts its certificate: to others Chromium shows no security key."""
    known = (f"--host-resolver-rules=MAP {HOST} 127.0.0.1", f"--ignore-certificate-errors-spki-list={pin(certificate)}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *known])
        yield browser
        await browser.close()


def pin(certificate: Certificate) -> str:
    """Its public key as browsers pin it (RFC 7469)."""
    read = x509.load_pem_x509_certificate(certificate.chain.read_bytes())
    key = read.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


@dataclass
class Keys:
    """The security keys at somebody's browser."""

    cdp: CDPSession
    plugged: str = ""

    async def plug_in(self) -> None:
        """Another one, which its user touches whenever it is asked."""
        options = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
        added = await self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.plugged = added["authenticatorId"]

    async def pull_out(self) -> None:
        await self.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.plugged})


async def with_keys(browser: Browser, web: Web) -> tuple[Person, Keys]:
    """Somebody who opens the page by the name that keys are made for."""
    place = f"{HOST}:{web.host.rpartition(':')[2]}"
    web.xend.site[0] = Site(HOST, f"https://{place}")
    context = await browser.new_context(base_url=f"https://{place}", locale="en-US")
    person = Person(await context.new_page())
    cdp = await context.new_cdp_session(person.page)
    await cdp.send("WebAuthn.enable")
    return person, Keys(cdp)


async def log_in(page: Page, user: str, code: str = "") -> None:
    await page.get_by_label("User").fill(user)
    await page.get_by_label("Password").fill(user[::-1])
    if code:
        await page.get_by_text("I have a code").click()
        await page.get_by_label("Code", exact=True).fill(code)
    await page.get_by_role("button", name="Log in", exact=True).click()


async def add_key(page: Page, label: str) -> None:
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Label").fill(label)
    await dialog.get_by_role("button", name="Add a security key").click()


async def with_a_key(browser: Browser, web: Web) -> tuple[Person, Keys]:
    """Olga, at her account, who has just added the key that is plugged in."""
    person, keys = await with_keys(browser, web)
    page = person.page
    await page.goto("/account")
    await log_in(page, "olga")
    await keys.plug_in()
    await page.get_by_role("button", name="Add a security key").click()
    await add_key(page, "mine")
    await person.sees("mine")
    return person, keys


async def test_a_key_is_added_asked_for_and_removed(browser: Browser, web: Web) -> None:
    web.xend.policy[0] = "optional"
    person, keys = await with_keys(browser, web)
    page = person.page
    await page.goto("/")
    await log_in(page, "olga")
    await page.get_by_role("link", name="Account").click()
    await person.sees("You have none.")
    await keys.plug_in()
    await page.get_by_role("button", name="Add a security key").click()
    await add_key(page, "the blue one")
    row = page.get_by_role("row").filter(has_text="the blue one")
    await expect(row).to_contain_text("never")
    await page.get_by_role("button", name="Add a security key").click()
    await add_key(page, "the same")
    await expect(page.get_by_role("alert")).to_contain_text("is yours already")
    await page.get_by_role("button", name="Cancel").click()

    await page.get_by_role("button", name="Log out").click()
    await log_in(page, "olga")
    await expect(page.get_by_role("heading", name="Account", level=1)).to_be_visible()
    await expect(row).not_to_contain_text("never")

    await row.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await person.sees("You have none.")
    assert web.xend.doors.second_factor._store.all() == ()
    await page.get_by_role("button", name="Log out").click()
    await log_in(page, "olga")
    await person.sees("You have none.")
    assert person.faults == []


async def test_without_the_key_nobody_comes_in_and_it_may_be_asked_again(browser: Browser, web: Web) -> None:
    web.xend.policy[0] = "optional"
    person, keys = await with_a_key(browser, web)
    page = person.page
    credentials = await keys.cdp.send("WebAuthn.getCredentials", {"authenticatorId": keys.plugged})
    await page.get_by_role("button", name="Log out").click()
    await keys.pull_out()

    await keys.plug_in()  # another one
    await log_in(page, "olga")
    await expect(page.get_by_role("alert")).to_contain_text("No security key has answered.")
    await keys.cdp.send(
        "WebAuthn.addCredential",
        {"authenticatorId": keys.plugged, "credential": credentials["credentials"][0] | {"signCount": 0}},
    )
    await page.get_by_role("button", name="Ask the key again").click()
    await expect(page.get_by_role("alert")).to_contain_text("does not hold")  # its count went back: a copy
    await expect(page.get_by_label("Password")).to_have_value("")
    code = (await web.xend.client.post("/v1/security-keys/codes", json={"user": "olga"})).json()["code"]
    await keys.pull_out()
    await keys.plug_in()
    await log_in(page, "olga")
    await page.get_by_role("button", name="I have a code").click()
    await page.get_by_label("Code", exact=True).fill(code)
    await page.get_by_role("button", name="Log in", exact=True).click()
    await person.sees("mine")
    assert person.faults == []


async def test_who_comes_with_a_code_is_led_to_adding_a_key(browser: Browser, web: Web) -> None:
    web.xend.policy[0] = "required"
    person, keys = await with_keys(browser, web)
    page = person.page
    await page.goto("/domains")
    await log_in(page, "vic")
    await expect(page.get_by_role("alert")).to_contain_text("needs a security key to log in, and has none")
    await page.get_by_label("Code", exact=True).fill("not one")
    await page.get_by_label("Password").fill("civ")
    await page.get_by_role("button", name="Log in", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("the code is not known")
    code = (await web.xend.client.post("/v1/security-keys/codes", json={"user": "vic"})).json()["code"]
    await page.get_by_label("Code", exact=True).fill(code)
    await page.get_by_label("Password").fill("civ")
    await page.get_by_role("button", name="Log in", exact=True).click()
    await expect(page.get_by_role("dialog")).to_contain_text("You came in with a code, which is good once.")
    await keys.plug_in()
    await add_key(page, "my phone")
    await expect(page.get_by_role("row").filter(has_text="my phone")).to_be_visible()
    await expect(page).to_have_url(re.compile("/account$"))
    await page.get_by_role("button", name="Remove: my phone").click()
    await expect(page.get_by_role("dialog")).to_contain_text("It is the last one, and one is wanted of you.")
    assert person.faults == []


async def test_what_keeps_a_key_from_being_added_is_said(browser: Browser, web: Web, tls: ssl.SSLContext) -> None:
    person = await somebody(browser, web.url, await web.secret("olga"))
    page, add = person.page, person.page.get_by_role("button", name="Add a security key")
    why = page.get_by_role("tooltip").filter(visible=True)
    await page.goto("/account")
    await person.sees("They are not asked for here.")
    await add.focus()
    await expect(why).to_contain_text("web.second_factor in xend.toml says so")
    web.xend.policy[0] = "optional"
    await page.reload()
    await add.focus()
    await expect(why).to_contain_text("are made for https://alpha.example:8006; this page is open at https://127.0.0.1")
    await expect(page.get_by_role("link", name="Open this screen there")).to_have_attribute(
        "href", "https://alpha.example:8006/account"
    )
    web.xend.site[0] = Site("127.0.0.1", web.url)
    await page.reload()
    await add.focus()
    await expect(why).to_contain_text("set web.url in xend.toml")
    assert person.faults == []


async def test_a_key_is_for_one_name_of_the_host(browser: Browser, web: Web) -> None:
    """By another, its user is led to where it is good."""
    web.xend.policy[0] = "optional"
    person, _ = await with_a_key(browser, web)
    elsewhere = await somebody(browser, web.url)
    await elsewhere.page.goto("/account")
    await log_in(elsewhere.page, "olga")
    await expect(elsewhere.page.get_by_role("alert")).to_contain_text("Your security key is for alpha.example")
    there = f"https://{HOST}:{web.host.rpartition(':')[2]}/account"
    await expect(elsewhere.page.get_by_role("link", name="Log in at alpha.example")).to_have_attribute("href", there)
    assert person.faults + elsewhere.faults == []


async def test_a_token_is_made_shown_once_and_ended(browser: Browser, web: Web) -> None:
    person = await somebody(browser, web.url, await web.secret("olga"))
    page = person.page
    await page.goto("/domains")
    await expect(page.get_by_role("heading", name="Domains")).to_be_visible()
    await page.keyboard.press("g")
    await page.keyboard.press("u")
    await expect(page.get_by_role("row").filter(has_text="this login")).to_be_visible()
    await person.sees("There is none yet.")
    await page.get_by_role("button", name="Make a token").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("What it is for").fill("prometheus")
    assert await dialog.get_by_label("Role").locator("option").all_inner_texts() == ["Viewer", "Operator"]
    await dialog.get_by_label("Good for so many days").fill("30")
    await expect(dialog).to_contain_text("xm token create --role viewer --days 30 prometheus")
    await dialog.get_by_role("button", name="Make a token").click()
    secret = await dialog.locator("[data-secret]").inner_text()
    async with web.client(authorization=f"Bearer {secret}") as program:
        assert (await program.get("/v1/me")).json()["role"] == "viewer"
        await dialog.get_by_role("button", name="I have it").click()
        assert secret not in await page.content()
        row = page.get_by_role("row").filter(has_text="prometheus")
        await expect(row).to_contain_text("Viewer")
        await row.get_by_role("button", name="End").click()
        await dialog.get_by_role("button", name="End").click()
        await expect(row).to_have_count(0)
        assert (await program.get("/v1/me")).status_code == 401
    assert person.faults == []


async def test_where_a_role_comes_from(browser: Browser, web: Web) -> None:
    person = await somebody(browser, web.url, await web.secret("olga"))
    await person.page.goto("/account")
    await person.sees("you are in the group @ops, which the settings name in web.operators")
    web.xend.people.admitted = Admitted((), (), (), (read_grant("operator gus web*"),))
    granted = await somebody(browser, web.url, await web.secret("gus"))
    await granted.page.goto("/account")
    await granted.sees("the settings let you at some domains, in web.grants")
    await granted.sees("operator web*")
    assert person.faults == []
