"""Tasks that are held, named and never lost with their error."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

log = logging.getLogger(__name__)

_Words = ParamSpec("_Words")
_Result = TypeVar("_Result")


async def to_end(function: Callable[_Words, _Result], *words: _Words.args, **named: _Words.kwargs) -> _Result:
    """As asyncio.to_thread, but it returns only when `function` has, also when it is cancelled: nothing that `function`
    uses may be taken from it before.
    """
    thread = asyncio.get_running_loop().run_in_executor(None, lambda: function(*words, **named))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        await asyncio.wait({thread})
        raise


async def undisturbed(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Do it to its end, also when the caller is cancelled meanwhile, however often: then that is raised afterwards."""
    task = asyncio.get_running_loop().create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and not task.cancelled() and task.exception() is None:
        raise cancelled
    return task.result()


async def together(*works: Coroutine[Any, Any, Any]) -> None:
    """Do all of it at once. Where one fails, or the caller is cancelled, the others are cancelled; it returns when all
    have ended, and raises what the first one raised.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


class Tasks:
    """The background tasks of one part; `close` ends them all.

    A task that fails is logged with its name; nobody needs to await it.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, coroutine: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Run `coroutine` in the background under a human `name`."""
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("%s failed", task.get_name(), exc_info=task.exception())

    async def close(self) -> None:
        """Cancel what still runs and wait until it has ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
