"""When a domain starts and ends with the host: start_after, start_delay, stop_timeout."""

from __future__ import annotations

from xenia.guestfile.given import Given
from xenia.guestfile.names import why_unusable
from xenia.model.start_order import StartOrder

LONGEST_DELAY = 3600
LONGEST_TIMEOUT = 86400


def read_order(given: Given) -> StartOrder:
    after = tuple(dict.fromkeys(given.words("start_after")))
    for name in after:
        if why_unusable(name) is not None:
            given.error("start_after", f"no domain can be called '{name}'", "start_after = [ 'db', 'dns' ]")
    delay = given.number("start_delay", 0) or 0
    if not 0 <= delay <= LONGEST_DELAY:
        given.error("start_delay", f"start_delay is 0 to {LONGEST_DELAY} seconds, not {delay}", "start_delay = 10")
    timeout = given.number("stop_timeout")
    if timeout is not None and not 1 <= timeout <= LONGEST_TIMEOUT:
        message = f"stop_timeout is 1 to {LONGEST_TIMEOUT} seconds, not {timeout}"
        given.error("stop_timeout", message, "stop_timeout = 120")
    return StartOrder(after, delay, timeout)
