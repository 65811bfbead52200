"""Who did what: one line of the audit log."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deed:
    """A request that could change something, or a console or screen that was opened (`method` is WEBSOCKET), and the
    HTTP `status` that it was answered with. `time` is seconds since the epoch. `address` is where it came from, "" for
    this host; `token` the id of what was shown. `role` is "" for one whom nobody knew: then `user` is whom they said to
    be.
    """

    time: float
    user: str
    role: str
    address: str
    token: str
    method: str
    path: str
    status: int
