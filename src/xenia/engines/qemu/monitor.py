"""QEMU's monitor: qemu.qmp with a time limit on everything, our errors, and nothing kept of what has passed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from qemu.qmp import ConnectError, ExecInterruptedError, ExecuteError, Message, Runstate, StateError
from qemu.qmp.qmp_client import GreetingError

from xenia.engines.qemu.client import Client
from xenia.lib.sockets import address_of
from xenia.model.errors import XeniaError, engine_failed

# The library logs at level error what it also raises.
_quiet = logging.Logger("qemu.qmp", level=logging.CRITICAL + 1)

SECONDS = 10.0
"""How long a command may take; QEMU answers in milliseconds unless it hangs or the host is beyond its strength."""


class NoAnswer(Exception):
    """QEMU closed the monitor, or did not greet in time."""


class NoGreeting(NoAnswer):
    """QEMU said something else first."""


def connect_to(path: Path) -> socket.socket:
    """A socket on its way to a listening monitor; never blocks. Raises OSError."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        with address_of(path) as address:
            client.connect(address)
    except BaseException:
        client.close()
        raise
    return client


class Monitor:
    """A connection to one QEMU. `on_event` is called with name and data of each event, before anything that QEMU says
    after it is seen.
    """

    def __init__(self, on_event: Callable[[str, Mapping[str, Any]], None]) -> None:
        self._on_event = on_event
        self._client = Client()
        self._client.logger = _quiet
        self._client.events.event_filter = self._witness

    async def connect(self, client: socket.socket, *, seconds: float) -> None:
        """Take over `client` and greet. Raises NoAnswer; then the socket is closed."""
        try:
            async with asyncio.timeout(seconds):
                await self._client.connect(client)
        except TimeoutError as error:
            raise NoAnswer(f"QEMU did not greet within {seconds:g} s") from error
        except ConnectError as error:
            kind = NoGreeting if isinstance(error.exc, GreetingError) else NoAnswer
            raise kind(str(error)) from error
        finally:
            if self._client.runstate is not Runstate.RUNNING:
                client.close()

    async def execute(
        self, command: str, arguments: Mapping[str, object] | None = None, *, seconds: float = SECONDS
    ) -> Any:
        """The answer to a command. Raises engine_failed with QEMU's own words, or saying that it does not answer."""
        try:
            async with asyncio.timeout(seconds):
                return await self._client.execute(command, arguments)
        except ExecuteError as error:
            raise engine_failed(f"QEMU refused {command}: {error}") from error
        except TimeoutError as error:
            raise unresponsive(f"it did not answer {command} within {seconds:g} s") from error
        except (ExecInterruptedError, StateError) as error:
            raise unresponsive("its monitor is closed") from error

    def ask(self, command: bytes) -> asyncio.Future[Any]:
        """The answer to a command without arguments, as it will come; None where QEMU refuses. For one that is asked of
        many: it costs a third of `execute`. One that hangs is not asked again before it has answered.

        Raises engine_failed when the monitor is closed.
        """
        try:
            return self._client.ask(command)
        except (OSError, StateError) as error:
            raise unresponsive("its monitor is closed") from error

    def send(self, descriptor: int) -> None:
        """Give QEMU a copy of `descriptor`, which the next command takes. Raises engine_failed."""
        try:
            self._client.send_fd_scm(descriptor)
        except (OSError, StateError) as error:
            raise unresponsive("its monitor takes no descriptor") from error

    async def lost(self) -> None:
        """Return when the connection has ended, whoever ended it."""
        while self._client.runstate is Runstate.RUNNING:
            await self._client.runstate_changed()

    async def close(self) -> None:
        """End the connection; QEMU runs on."""
        self._client.give_up()
        # What a dead connection has to say at its end is known already.
        with contextlib.suppress(Exception):
            async with asyncio.timeout(SECONDS):
                await self._client.disconnect()

    def _witness(self, event: Message) -> bool:
        data = event.get("data", {})
        self._on_event(str(event["event"]), data if isinstance(data, Mapping) else {})
        return False  # the library is not to keep it


def unresponsive(why: str) -> XeniaError:
    return engine_failed(f"the domain's QEMU does not answer: {why}", "xm destroy ends it all the same")
