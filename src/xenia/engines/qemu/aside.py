"""A guest that has ended lets go of what another guest is to have: images, cards and the display.

QEMU closes a node and a card at once, but an image's descriptor only while its guest runs (monitor/misc.c,
monitor_fdset_cleanup). The lock on the image is one of that descriptor, so it is given up through a copy of it.
"""

from __future__ import annotations

from typing import Any

from xenia.engines.qemu.descriptors import copied
from xenia.engines.qemu.disk import device_name, node_name, target_of
from xenia.engines.qemu.guest import Guest
from xenia.engines.qemu.nodes import owned
from xenia.storage.lock import unlock

_EMPTY = "empty-"


async def let_go(guest: Guest) -> None:
    """Raises engine_failed; then it may have let go of some."""
    for each in await guest.execute("query-block"):
        target, name = target_of(each), each.get("inserted", {}).get("node-name", "")
        if target is not None and name in owned([name], target):
            await _let_go_of_disk(guest, target, each["inserted"])
    _unlock(guest, await guest.execute("query-fdsets"))
    await guest.cards.let_go()
    if guest.vnc is not None:
        await guest.execute("display-update", {"type": "vnc", "addresses": []})
        guest.vnc = None


async def _let_go_of_disk(guest: Guest, target: str, inserted: dict[str, Any]) -> None:
    """The drive gets an empty node of the same size in the place of the image's, which is closed."""
    empty = {
        "driver": "null-co",
        "node-name": f"{_EMPTY}{target}",
        "size": inserted["image"]["virtual-size"],
        "read-only": inserted["ro"],
    }
    await guest.execute("blockdev-add", empty)
    drive = {"path": f"/machine/peripheral/{device_name(target)}", "property": "drive", "value": f"{_EMPTY}{target}"}
    await guest.execute("qom-set", drive)
    await guest.execute("blockdev-del", {"node-name": inserted["node-name"]})


def _unlock(guest: Guest, sets: list[dict[str, Any]]) -> None:
    ours = [each["fd"] for found in sets for each in found["fds"] if each.get("opaque", "").startswith(node_name(""))]
    for number in ours:
        with copied(guest.process, number) as copy:
            unlock(copy)
