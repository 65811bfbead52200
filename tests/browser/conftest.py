"""A browser in front of a xenia-web that serves the page as it was built."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from ssl import SSLContext
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from tests.gateway.conftest import Web, certificate, served, tls
from tests.support.world import World, read_plain, read_really
from tests.support.xend import running_xend

from xenia.gateway import page as built
from xenia.gateway.visitor import COOKIE
from xenia.model.reading import Reading
from xenia.settings.certificate import Certificate

__all__ = ["certificate", "tls"]

CHROMIUM = "/usr/bin/chromium"
TRUSTING = "--ignore-certificate-errors"
"""The host's own certificate, in shared workers, too: what a context ignores it ignores in its pages alone."""
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    TRUSTING,
)
PATIENCE = 60_000
"""Milliseconds. It ends what hangs: a browser shares its two CPUs with everything else."""


def the_page() -> built.Page:
    page = built.Page.load()
    assert page is not None, "the page was not built: scripts/page build"
    return page


async def read_either(text: str, file: str, overrides: tuple[str, ...]) -> Reading:
    """What the page writes in its own language, and the single line that a test makes a domain of."""
    return await (read_really if "\n" in text else read_plain)(text, file, overrides)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def web(tmp_path: Path, certificate: Certificate, tls: SSLContext, browser: Browser) -> AsyncIterator[Web]:
    world = World(read=read_either)
    async with running_xend(tmp_path, world) as xend, served(xend.web, certificate, the_page()) as host:
        yield Web(xend, host, tls)
        await close_pages(browser)


async def close_pages(browser: Browser) -> None:
    """All of them: one that is open when its host ends asks for it again and again, and may be half let in by then."""
    for context in tuple(browser.contexts):
        await context.close()


class Person:
    """Somebody in front of a page. What the page itself does wrong, or the browser refuses it, is remembered."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console", lambda message: self.faults.append(message.text) if "Content Security" in message.text else None
        )

    async def sees(self, text: str) -> None:
        await self.page.get_by_text(text).first.wait_for()


def cookie_of(secret: str, url: str) -> Any:
    return {"name": COOKIE, "value": secret, "url": url, "secure": True, "httpOnly": True, "sameSite": "Strict"}


async def somebody(browser: Browser, url: str, secret: str = "", **more: object) -> Person:
    """With the login whose secret is given; without one, with none."""
    context: BrowserContext = await browser.new_context(
        ignore_https_errors=True,
        base_url=url,
        locale="en-US",
        **more,  # type: ignore[arg-type]
    )
    if secret:
        await context.add_cookies([cookie_of(secret, url)])
    return Person(await context.new_page())
