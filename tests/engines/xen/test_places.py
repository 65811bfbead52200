"""Where a domain's consoles, display and cards are."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from xenia.engines.base import ConsoleKind
from xenia.engines.xen import places
from xenia.engines.xen.xenstore import Xenstore

DOMAIN = "/local/domain/5"
VIFS = "/local/domain/0/backend/vif/5"


async def test_consoles_are_told_once_they_are_there(store: Xenstore) -> None:
    async with asyncio.TaskGroup() as tasks:
        found = tasks.create_task(places.consoles(store, 5, serial=True))
        await store.write(f"{DOMAIN}/console/tty", "/dev/pts/3")
        await store.write(f"{DOMAIN}/serial/0/tty", "/dev/pts/4")
    assert found.result() == {ConsoleKind.PARAVIRTUAL: Path("/dev/pts/3"), ConsoleKind.SERIAL: Path("/dev/pts/4")}
    assert await places.consoles(store, 5, serial=False) == {ConsoleKind.PARAVIRTUAL: Path("/dev/pts/3")}


async def test_a_console_that_does_not_come_is_missing(store: Xenstore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_CONSOLE_SECONDS", 0.01)
    await store.write(f"{DOMAIN}/console/tty", "not a device")
    assert await places.consoles(store, 5, serial=True) == {}


@pytest.mark.parametrize(
    ("port", "listen", "door"),
    [
        ("5900", "127.0.0.1", "127.0.0.1:0"),
        ("5907", "", "127.0.0.1:7"),
        ("5900", "unix:/run/vnc", None),
        (None, "127.0.0.1", None),
        ("-1", "127.0.0.1", None),
        ("5900", None, None),
    ],
)
async def test_vnc_is_an_address_and_a_display(
    store: Xenstore, port: str | None, listen: str | None, door: str | None
) -> None:
    for key, value in (("vnc-port", port), ("vnc-listen", listen)):
        if value is not None:
            await store.write(f"{DOMAIN}/console/{key}", value)
    assert await places.vnc(store, 5) == door


async def test_cards_come_in_their_order_by_the_names_they_have(store: Xenstore) -> None:
    for number in (0, 2, 10, 1):
        await store.write(f"{VIFS}/{number}/bridge", "xenbr0")
    await store.write(f"{VIFS}/1/vifname", "mail0")
    assert await places.vifs(store, 5) == ("vif5.0", "mail0", "vif5.2", "vif5.10")
    assert await places.vifs(store, 6) == ()


def test_where_xenconsoled_keeps_what_a_domain_says() -> None:
    assert places.kept_log("web") == Path("/var/log/xen/console/guest-web.log")
    assert places.kept_log("../web") is None
    assert places.kept_log("nul\0") is None
