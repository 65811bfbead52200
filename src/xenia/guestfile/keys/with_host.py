"""When a domain starts and ends with the host. Neither xm nor xl had words for it; both pass these over."""

from __future__ import annotations

from xenia.guestfile.keys.key import Dialect, Key, KeyType

KEYS = (
    Key(
        "start_after",
        KeyType.LIST,
        (),
        "The domains that must run before this one is started with the host; it is stopped before them",
        "start_after = [ 'db' ]",
        Dialect.XENIA,
    ),
    Key(
        "start_delay",
        KeyType.NUMBER,
        0,
        "Seconds that the next domain waits once this one was started with the host",
        "start_delay = 10",
        Dialect.XENIA,
    ),
    Key(
        "stop_timeout",
        KeyType.NUMBER,
        None,
        "Seconds that the guest has to shut down with the host; without the key, stop_timeout of xend.toml",
        "stop_timeout = 120",
        Dialect.XENIA,
    ),
)
