"""Waiting for what can only be looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LIMIT = 60
"""Seconds. It ends what hangs."""


async def until(true: Callable[[], object]) -> None:
    """Looks again and again; raises TimeoutError."""
    async with asyncio.timeout(LIMIT):
        while not true():  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.01)
