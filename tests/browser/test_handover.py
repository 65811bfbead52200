"""The page asks whether xm may be logged in, too: in a real browser, with what xm itself listens with."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, expect
from tests.browser.conftest import PATIENCE, somebody
from tests.browser.test_page import as_user, is_well
from tests.gateway.conftest import Web
from tests.gateway.test_handovers import VERIFIER, challenge_of, redeem
from tests.gateway.test_oidc import issuer
from tests.support.issuer import FakeIssuer

from xenia.cli.browser_login import letters_of
from xenia.client.loopback import Loopback

__all__ = ["issuer"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
expect.set_options(timeout=PATIENCE)

STATE = "s" * 22


def place(port: int = 0) -> str:
    known = {"challenge": challenge_of(VERIFIER), "state": STATE} | ({"port": str(port)} if port else {})
    return f"/login/xm?{urlencode(known)}"


async def test_who_logs_in_and_says_yes_logs_xm_in(browser: Browser, web: Web) -> None:
    person = await somebody(browser, web.url)
    page = person.page
    with Loopback(STATE) as xm:
        await page.goto(place(xm.port))
        await person.sees("xm waits for it in a terminal.")
        await page.get_by_label("User").fill("olga")
        await page.get_by_label("Password").fill("aglo")
        await page.get_by_role("button", name="Log in", exact=True).click()
        await person.sees("as olga, with the role Operator")
        await person.sees(letters_of(challenge_of(VERIFIER)))
        await is_well(person)
        await page.get_by_role("button", name="Log in xm").click()
        answer = await asyncio.to_thread(xm.answer, PATIENCE / 1000)
        await person.sees("This window can be closed.")
    assert answer is not None
    assert (await redeem(web, answer["code"])).json()["token"]["user"] == "olga"
    assert person.faults == []


async def test_nothing_is_given_before_somebody_says_so_and_nothing_after_a_no(browser: Browser, web: Web) -> None:
    person = await as_user(browser, web, "olga")
    with Loopback(STATE) as xm:
        await person.page.goto(place(xm.port))
        await person.sees("as olga")
        assert not [each for each in web.xend.audit if "handover" in each["path"]]
        await person.page.get_by_role("button", name="No", exact=True).click()
        assert await asyncio.to_thread(xm.answer, PATIENCE / 1000) == {"error": "denied", "state": STATE}
    assert not [each for each in web.xend.audit if "handover" in each["path"]]
    assert person.faults == []


async def test_a_code_is_shown_where_xm_is_elsewhere(browser: Browser, web: Web) -> None:
    person = await as_user(browser, web, "olga", viewport={"width": 390, "height": 800})
    page = person.page
    await page.goto(place())
    await page.get_by_role("button", name="Log in xm").click()
    code = await page.locator("[data-code]").inner_text()
    await is_well(person)
    assert (await redeem(web, code)).json()["token"]["user"] == "olga"
    await page.goto(place())
    await page.get_by_role("button", name="No", exact=True).click()
    await person.sees("xm is not logged in.")
    await page.goto("/login/xm?challenge=x")
    await person.sees("This address is not whole.")
    await is_well(person)
    assert person.faults == []


async def test_the_way_to_the_issuer_leads_back_to_xm(browser: Browser, web: Web, issuer: FakeIssuer) -> None:
    person = await somebody(browser, web.url)
    await person.page.goto(place(40_000))
    link = person.page.get_by_role("link", name="Log in through the issuer")
    await expect(link).to_have_attribute("href", place(40_000).replace("/login/xm", "/login/oidc"))
    await is_well(person)
    assert person.faults == []
