"""What every route needs, handed to the app once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import HTTPConnection

from xenia.console.hub import ConsoleHub
from xenia.console.kept import KeptLogs
from xenia.desktop.sessions import DesktopSessions
from xenia.manager.logins.handovers import Handovers
from xenia.manager.logins.links import LoginLinks
from xenia.manager.logins.logins import Logins
from xenia.manager.logins.second_factor import SecondFactor
from xenia.manager.logins.through_issuer import ThroughIssuer
from xenia.manager.logins.tickets import Tickets
from xenia.manager.manager import Manager
from xenia.manager.old_config import OldConfigImport
from xenia.manager.settings_edit import SettingsEditor


@dataclass(frozen=True, slots=True)
class About:
    """This xend: `started_at` seconds since the epoch, `root` the folder below which it keeps everything."""

    version: str
    pid: int
    root: str
    started_at: float


@dataclass(frozen=True, slots=True, eq=False)
class Doors:
    """`audit` keeps who did what. `rdp_view` gives a connection to an RDP server that shows the screen of the guest
    with this UUID, and nothing else (`RdpViews.own`). `stopping` is set when xend begins to end: whoever waits is
    answered then.
    """

    manager: Manager
    consoles: ConsoleHub
    console_logs: KeptLogs
    about: About
    settings: SettingsEditor
    old_config: OldConfigImport
    logins: Logins
    audit: Callable[[dict[str, Any]], None]
    tickets: Tickets
    desktops: DesktopSessions
    rdp_view: Callable[[str], AbstractAsyncContextManager[socket.socket]]
    through_issuer: ThroughIssuer
    second_factor: SecondFactor
    login_links: LoginLinks
    handovers: Handovers
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


async def doors_of(connection: HTTPConnection) -> Doors:
    doors: Doors = connection.app.state.doors
    return doors


DoorsOf = Annotated[Doors, Depends(doors_of)]
