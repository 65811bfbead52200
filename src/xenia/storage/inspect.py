"""The seam to the worker: what reads bytes of strangers runs there, without rights, and may be killed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from xenia.lib.worker import Worker, WorkerError, WorkerTimedOut
from xenia.model.errors import invalid, unavailable

Inspect = Callable[[str, dict[str, Any], Sequence[int]], Awaitable[dict[str, Any]]]
"""`await inspect(name, arguments, descriptors)` runs the function `name` of INSPECTIONS and gives its result.

Raises an XeniaError where there is none.
"""

INSPECTIONS = {
    "inspect_image": "xenia.storage.image:inspect_image",
    "classify_kernel": "xenia.storage.kernel_image:classify_kernel",
    "expand_kernel": "xenia.storage.kernel_image:expand_kernel",
}
"""The functions of this room that a worker must offer, as `module:function`."""


def inspect_by(worker: Worker) -> Inspect:
    """Inspecting in `worker`, which offers INSPECTIONS. A file that is too much for it is invalid; a worker that fails
    otherwise is unavailable."""

    async def inspect(name: str, arguments: dict[str, Any], descriptors: Sequence[int]) -> dict[str, Any]:
        try:
            return await worker.call(name, arguments, descriptors)
        except WorkerTimedOut as error:
            raise invalid(f"an image or kernel could not be understood: {error}") from error
        except WorkerError as error:
            raise unavailable(f"the worker that reads images and kernels failed: {error}") from error

    return inspect
