"""The QEMU that emulates a guest's devices on Xen, and its death: Xen itself does not notice it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from xenia.engines.xen.xenstore import Xenstore

DIED = "its device model died (its last words: /var/log/xen/qemu-dm-{name}.log)"


class DeviceModel:
    """`on_end` is called once, in the event loop, when the process has ended. `close` stops the watching."""

    def __init__(self, pid: int, on_end: Callable[[], None]) -> None:
        """Raises ProcessLookupError when there is no such process any more."""
        self._pidfd = os.pidfd_open(pid)
        self._on_end = on_end
        asyncio.get_running_loop().add_reader(self._pidfd, self._ended)

    def _ended(self) -> None:
        self.close()
        self._on_end()

    def close(self) -> None:
        if self._pidfd < 0:
            return
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1


async def pid_of(store: Xenstore, domid: int) -> int | None:
    """The device model of a domain, as libxl has written it down; None for a domain that has none. Raises
    unavailable.
    """
    told = await store.read(f"/local/domain/{domid}/image/device-model-pid")
    return int(told) if told and told.isdecimal() and int(told) else None
