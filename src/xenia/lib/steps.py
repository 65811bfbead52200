"""The steps of an action, said where they are taken and heard by who keeps the action's log.

What says a step need not know whose step it is: a guest is started by a job, by a policy, or with the host. So who
begins the action listens, and hears all that is awaited or begun within. Steps are said on the event loop.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Hear = Callable[[str, bool], None]
"""What was said, and whether it is a warning."""

_hear: ContextVar[Hear | None] = ContextVar("who hears the steps of the action under way", default=None)


@contextmanager
def heard(hear: Hear) -> Iterator[None]:
    """Have `hear` called with each step within. It must not fail, and may be called after the context has ended, by
    what was begun in it.
    """
    token = _hear.set(hear)
    try:
        yield
    finally:
        _hear.reset(token)


def step(text: str) -> None:
    """Tell what has been done, or what is done now. Nobody hears it outside an action. Never a secret."""
    if (hear := _hear.get()) is not None:
        hear(text, False)


def warn(log: logging.Logger, text: str, *words: object) -> None:
    """Tell what went wrong and does not end the action: also to `log`, always. Never a secret."""
    log.warning(text, *words)
    if (hear := _hear.get()) is not None:
        hear(text % words if words else text, True)
