"""A picture of what a guest's screen shows. Xen's device model, in Debian, is built without PNG."""

from __future__ import annotations

import asyncio
import os

from xenia.engines.xen import qmp
from xenia.engines.xen.guest import Guest
from xenia.lib.png import png_of
from xenia.model.errors import XeniaError, conflict, engine_failed

_NO_CONSOLE = "no console to take a screendump from"
"""QEMU's words (7.2, ui/console.c) before a PV guest has begun with its framebuffer."""

_LARGEST = 256 << 20
"""Bytes of a picture that is not packed yet."""


async def screenshot(guest: Guest, picture: int) -> bool:
    """As engines.base.ShowsScreens."""
    if not guest.has_screen:
        return False
    with open(os.memfd_create("screen", os.MFD_CLOEXEC), "rb", buffering=0) as dumped:
        with open(f"/proc/self/fd/{dumped.fileno()}", "wb", buffering=0) as written:
            await _dump(guest, written.fileno())
        try:
            png = await asyncio.to_thread(lambda: png_of(dumped.read(_LARGEST)))
        except ValueError as error:
            raise engine_failed(f"the guest's QEMU made no picture: {error}") from error
    with open(os.dup(picture), "wb", buffering=0) as file:
        file.write(png)
    return True


async def _dump(guest: Guest, descriptor: int) -> None:
    """QEMU opens a file by its name only: the name of a set of descriptors."""
    async with qmp.connect(guest.domid) as qemu:
        qemu.send(descriptor)
        number = (await qemu.execute("add-fd"))["fdset-id"]
        try:
            await qemu.execute("screendump", filename=f"/dev/fdset/{number}")
        except XeniaError as error:
            if _NO_CONSOLE not in error.message:
                raise
            raise conflict(
                f"domain '{guest.name}' shows nothing yet: its kernel has not taken up its framebuffer",
                f"how far it is: xm console {guest.name}",
            ) from error
        finally:
            await qemu.execute("remove-fd", **{"fdset-id": number})
