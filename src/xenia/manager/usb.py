"""USB devices of a domain that runs: plugging one in, unplugging one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from xenia.engines.usb import PlugsUsb
from xenia.manager.disks import own
from xenia.manager.lifecycle import Lifecycle
from xenia.manager.table import Entry
from xenia.manager.turns import Turns
from xenia.model.caller import Caller, Role
from xenia.model.domain import Started
from xenia.model.errors import XeniaError, conflict, denied, not_found
from xenia.model.event import EventKind
from xenia.model.job import Job
from xenia.model.usb import is_hosts, read_usb, usb_words


@dataclass(frozen=True, slots=True)
class Usb:
    """The guest file stays as it is: what is done here lasts as long as the domain does, also when a policy starts it
    over.
    """

    lifecycle: Lifecycle
    turns: Turns

    def attach(self, ref: str, text: str, caller: Caller) -> Job:
        """Plug in the device that `text` names, as a job with `{"device": WORD}`. It is written down first: a new xend
        strikes out what the engine does not have.

        Raises as `Turns.start`, invalid for what names no device, denied for a device of the host and an operator.
        """
        word = read_usb(text)
        if is_hosts(word) and caller.role < Role.ADMINISTRATOR:
            raise denied(f"{word} is a device of the host: giving it to a guest needs the role administrator")

        async def verb(entry: Entry) -> dict[str, Any]:
            await self._attach(entry, word)
            return {"device": word}

        return self.turns.start("usb-attach", ref, caller, verb)

    async def _attach(self, entry: Entry, word: str) -> None:
        lifecycle, before = self.lifecycle, own(entry)
        if word in usb_words(before.config.platform.usb_devices):
            name = before.config.name
            raise conflict(f"domain '{name}' has {word} already", f"xm usb-list {name} shows what it has")
        with lifecycle.preparer.open_usb(before, word) as opened:
            wanted = _with(before, word)
            await lifecycle.record(entry, config=wanted.config)
            try:
                await cast(PlugsUsb, lifecycle.engine).attach_usb(wanted, opened)
            except XeniaError:
                await lifecycle.note(entry, config=before.config)
                raise
        lifecycle.bus.publish(EventKind.USB_ATTACHED, entry.started, word)

    def detach(self, ref: str, text: str, caller: Caller) -> Job:
        """Unplug the device that `text` names, as a job with `{"device": WORD}`. Raises as `attach`; that the domain
        does not have it is the job's error.
        """
        word = read_usb(text)

        async def verb(entry: Entry) -> dict[str, Any]:
            started = own(entry)
            words = usb_words(started.config.platform.usb_devices)
            if word not in words:
                raise not_found(
                    f"domain '{started.config.name}' has no USB device {word}",
                    f"it has: {', '.join(words) or 'none'}",
                )
            await cast(PlugsUsb, self.lifecycle.engine).detach_usb(started, word)
            await self.lifecycle.strike_out(entry, {word})
            return {"device": word}

        return self.turns.start("usb-detach", ref, caller, verb)


def _with(started: Started, word: str) -> Started:
    platform = started.config.platform
    devices = (*platform.usb_devices, word)
    return replace(started, config=replace(started.config, platform=replace(platform, usb_devices=devices)))
