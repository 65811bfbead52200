"""Desktops over RDP in a real browser: the screen of a real guest as the real xrdp shows it, a real server of another
make, and what is said where there is none.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser
from playwright.async_api import expect as expect_async
from playwright.sync_api import Page, expect
from tests.browser.conftest import PATIENCE as PATIENCE_OF_PAGE
from tests.browser.conftest import somebody
from tests.browser.test_guests import PATIENCE, host, page
from tests.browser.test_page import is_well
from tests.engines.qemu import sectors
from tests.gateway.conftest import Web
from tests.live.test_send_key import Keyboard
from tests.support.freerdp import shared_desktop
from tests.support.live import LiveHost, until

__all__ = ["host", "page"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

BRIGHT = """() => {
    const canvas = document.querySelector(".glass canvas");
    if (!canvas || canvas.width !== 720) return false;
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return pixels.filter((value, index) => index % 4 < 3 && value > 96).length > 3000;
}"""
"""The screen of a PC that has just started is 720 pixels wide, and its BIOS has written on it."""
WITH_A_CARD = "builder = 'hvm'\nname = 'web01'\nmemory = 64\nvif = ['bridge=lan']\n"


def listening(host: LiveHost) -> None:
    """Its RDP listens at an address that no other test has."""
    if shutil.which("xrdp") is None:
        pytest.skip("xrdp is not installed: ./check does that")
    address = ".".join(map(str, (127, *os.urandom(2), 9)))
    host.stop()
    host.setting(f"accelerator = 'tcg'\nrdp_listen = '{address}'\n")
    host.start()


def test_the_screen_of_a_guest_is_seen_and_typed_at_also_when_xend_has_started_anew(host: LiveHost, page: Page) -> None:
    listening(host)
    keyboard = Keyboard(host, "keys", "vnc = 0\nrdp = 1\n")
    page.goto("/domains/keys/console")
    page.get_by_role("button", name="Desktop (RDP)").click()
    status = page.locator(".consolebar").get_by_role("status")
    expect(status).to_have_text("Connected")
    page.wait_for_function(BRIGHT, timeout=PATIENCE)
    assert page.url.endswith("/domains/keys/console/rdp")
    page.keyboard.press("a")
    keyboard.has("1e 9e")
    page.get_by_role("button", name="Send keys").click()
    page.get_by_role("button", name="Ctrl-Alt-Del").click()
    keyboard.has("1d 38 e0 53 e0 d3 b8 9d")
    page.get_by_role("button", name="Super", exact=True).click()
    page.get_by_role("button", name="Super", exact=True).click()
    keyboard.has("e0 5b e0 db")
    processes = host.guests()
    host.stop(signal.SIGKILL)
    expect(status).to_contain_text("Lost")
    host.start()
    expect(status).to_have_text("Connected")
    page.wait_for_function(BRIGHT, timeout=PATIENCE)
    page.keyboard.press("b")
    keyboard.has("30 b0")
    assert host.guests() == processes
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator(".xterm-rows")).to_contain_text("ready")
    until(lambda: not (host.root / "run/xenia/rdp-own").exists(), "nothing is left of its xrdp")
    page.go_back()
    expect(status).to_have_text("Connected")
    page.get_by_role("button", name="Fit to the window").click()
    expect(page.locator(".glass canvas")).to_have_css("width", "720px")
    host.ok("destroy", "keys")
    expect(page.get_by_text("keys does not run")).to_be_visible()
    host.nothing_left()


def test_a_screen_that_gets_another_size_is_followed(host: LiveHost, page: Page) -> None:
    listening(host)
    image = host.root / "var/lib/xen/large.img"
    image.parent.mkdir(parents=True, exist_ok=True)
    image.write_bytes(sectors.enlarging_at_a_key())
    host.hvm("large", f"disk = ['file:{image},hda,w']\nrdp = 1\n")
    host.ok("create", "large")
    page.goto("/domains/large/console/rdp")
    status = page.locator(".consolebar").get_by_role("status")
    expect(status).to_have_text("Connected")
    page.wait_for_function(BRIGHT, timeout=PATIENCE)
    page.keyboard.press("a")
    page.wait_for_function("() => document.querySelector('.glass canvas').width === 640", timeout=PATIENCE)
    expect(status).to_have_text("Connected")
    host.ok("destroy", "large")


async def test_without_a_desktop_it_is_said_what_gives_one(browser: Browser, web: Web) -> None:
    await web.xend.create("none")
    person = await somebody(browser, web.url, await web.secret("ada"))
    await person.page.goto("/domains/none/console/rdp")
    await person.sees("It has no network card, so no server in it can be reached.")
    await person.sees("rdp = 1 in its guest file has the host show its screen")
    await is_well(person)
    assert person.faults == []


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1024, "light"), (1440, "dark")])
async def test_where_no_server_in_the_guest_answers_it_is_said_why(
    browser: Browser, web: Web, width: int, scheme: str
) -> None:
    await web.xend.create("web01", text=WITH_A_CARD)
    more: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    person = await somebody(browser, web.url, await web.secret("ada"), **more)
    page = person.page
    await page.goto("/domains/web01/console/rdp")
    await person.sees("Log in to web01")
    await is_well(person)
    await page.get_by_label("User in the guest").fill("olga")
    await page.get_by_label("Password").fill("a secret")
    await page.get_by_role("button", name="Connect").click()
    alert = page.get_by_role("alert")
    await expect_async(alert).to_contain_text("No desktop of web01 answers.", timeout=PATIENCE_OF_PAGE)
    await expect_async(alert).to_contain_text("cannot be reached from the host")
    await expect_async(page.get_by_label("Password")).to_have_value("a secret")
    await is_well(person)
    assert "secret" not in page.url
    assert person.faults == []


async def test_a_server_in_the_guest_is_logged_into(
    browser: Browser, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await web.xend.create("web01", text=WITH_A_CARD)
    with shared_desktop(tmp_path) as place:

        async def connect(*_: object) -> tuple[socket.socket, str]:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(place))
            connection.setblocking(False)
            return connection, "192.0.2.7"

        monkeypatch.setattr("xenia.manager.desktops.Desktops.connect", connect)
        person = await somebody(browser, web.url, await web.secret("ada"))
        page = person.page
        await page.goto("/domains/web01/console/rdp")
        await page.get_by_label("User in the guest").fill("olga")
        await page.get_by_label("Password").fill("a secret")
        await page.get_by_role("button", name="Connect").click()
        status = page.locator(".consolebar").get_by_role("status").first
        await expect_async(status).to_have_text("Connected", timeout=PATIENCE_OF_PAGE)
        await page.wait_for_function("() => document.querySelector('.glass canvas').width === 640")
        await is_well(person)
        assert person.faults == []
