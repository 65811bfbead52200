"""A real Xen host in a real browser: the page, as xenia-web in its Domain-0 serves it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from tests.browser.conftest import ARGUMENTS, CHROMIUM, the_page
from tests.live.xen.walk.kinds import FILES
from tests.live.xenlab.host import XenHost
from tests.live.xenlab.traces import nothing_left
from tests.live.xenlab.wheel import PYTHON, PYTHON_PATH
from tests.support.live import until

from xenia.gateway.visitor import COOKIE

pytestmark = [pytest.mark.xen, pytest.mark.full, pytest.mark.timeout(1800)]

PATIENCE = 300_000
"""Milliseconds: Xen, its Domain-0 and xenia-web are emulated."""
PORT = 8006
WEB_LOG = "/var/log/xenia/web.out"
PICTURES = os.environ.get("XENIA_LAB_PICTURES")
"""A folder where pictures are left to be looked at."""


@pytest.fixture
def page(xen_host: XenHost) -> Iterator[Page]:
    """Of root of that host."""
    the_page()
    host = xen_host
    program = "import sys; from xenia.gateway.main import main; sys.exit(main())"
    host.start_daemon("env", f"PYTHONPATH={PYTHON_PATH}", PYTHON, "-SP", "-c", program, log=WEB_LOG)
    secret = host.ok("xm", "token", "create", "a test").strip()
    assert host.machine is not None
    monitor = host.machine.monitor
    monitor.do("human-monitor-command", command_line=f"hostfwd_add outside tcp:127.0.0.1:0-:{PORT}")
    url = f"https://127.0.0.1:{monitor.forwarded(PORT)}"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(ignore_https_errors=True, base_url=url, locale="en-US")
        context.add_cookies(
            [{"name": COOKIE, "value": secret, "url": url, "secure": True, "httpOnly": True, "sameSite": "Strict"}]
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        yield page
        browser.close()


def picture(page: Page, name: str) -> None:
    if PICTURES is not None:
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def test_guests_of_xen_are_started_seen_spoken_to_and_ended(xen_host: XenHost, page: Page) -> None:
    host = xen_host
    for kind, more in (("pv", ""), ("hvm", "vnc = 1\n")):
        host.put(f"/etc/xen/{kind}.cfg", (FILES[kind] + more).encode())
    page.goto("/domains")
    for name in ("pv", "hvm"):
        page.goto(f"/domains/{name}")
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.locator(".pill")).to_contain_text("Running")
    picture(page, "xen-domain")
    page.goto("/domains/pv/console")
    shown = page.locator(".xterm-rows")
    expect(shown).to_contain_text("xenia: guest pv is up")
    page.locator(".xterm").click()
    page.keyboard.type("echo $((6 * 7)) on $(hostname)\n")
    expect(shown).to_contain_text("42 on pv")
    picture(page, "xen-console")
    page.goto("/domains/hvm/console")
    page.get_by_role("link", name="Screen").or_(page.get_by_role("button", name="Screen")).first.click()
    expect(page.locator(".consolebar").get_by_role("status")).to_have_text("Connected")
    # The text mode of VGA: before that, QEMU shows that there is nothing to show.
    page.wait_for_function("() => document.querySelector('.glass canvas').width === 720")
    picture(page, "xen-screen")
    page.goto("/host")
    expect(page.get_by_text(re.compile(r"4\.17"))).to_be_visible()
    picture(page, "xen-host")
    page.goto("/domains")
    expect(page.get_by_role("row")).to_have_count(4)
    picture(page, "xen-domains")
    for name in ("pv", "hvm"):
        page.goto(f"/domains/{name}")
        page.get_by_role("button", name="Pause").click()
        expect(page.locator(".pill")).to_contain_text("Paused")
        assert "p" in host.ok("xl", "list", name).split()[-2]
        page.get_by_role("button", name="Destroy").click()
        page.get_by_role("dialog").get_by_role("button", name="Destroy").click()
        expect(page.locator(".pill")).to_contain_text("Stopped")
        until(lambda name=name: host.run("xl", "domid", name).code != 0, f"{name} has ended", 60, every=0.5)
    nothing_left(host)
