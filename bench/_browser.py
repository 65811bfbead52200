"""Chromium and the page in it: a tab of somebody who is logged in, and what it and its shared worker take."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from xenia.gateway.visitor import COOKIE

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--ignore-certificate-errors")
"""The last has the shared worker trust the host's own certificate."""

MIB = 1 << 20

Send = Callable[[str], dict[str, Any]]


def tab(browser: Browser, url: str, secret: str) -> Page:
    """Logged in by a token, which stands where a login would."""
    context = browser.new_context(ignore_https_errors=True, base_url=url, locale="en-US")
    context.add_cookies(
        [{"name": COOKIE, "value": secret, "url": url, "secure": True, "httpOnly": True, "sameSite": "Strict"}]
    )
    return context.new_page()


@contextmanager
def worker(page: Page) -> Iterator[Send]:
    """To speak to the shared worker of `page`, which is to have one."""
    browser = page.context.browser
    assert browser is not None
    session = browser.new_browser_cdp_session()
    targets = session.send("Target.getTargets")["targetInfos"]
    (target,) = (each["targetId"] for each in targets if each["type"] == "shared_worker")
    attached = session.send("Target.attachToTarget", {"targetId": target})["sessionId"]
    answers: dict[int, dict[str, Any]] = {}
    numbers = itertools.count(1)

    def heard(event: dict[str, Any]) -> None:
        answer = json.loads(event["message"])
        if "id" in answer:
            answers[answer["id"]] = answer["result"]

    def send(method: str) -> dict[str, Any]:
        number = next(numbers)
        message = json.dumps({"id": number, "method": method})
        session.send("Target.sendMessageToTarget", {"sessionId": attached, "message": message})
        while number not in answers:
            page.wait_for_timeout(10)
        return answers.pop(number)

    session.on("Target.receivedMessageFromTarget", heard)
    yield send
    session.detach()


def used(send: Send) -> float:
    """MiB of JavaScript, once its garbage is collected."""
    send("HeapProfiler.collectGarbage")
    return float(send("Runtime.getHeapUsage")["usedSize"]) / MIB
