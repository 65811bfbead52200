"""The seam to the worker: what reads bytes of strangers runs there, without rights, and may be killed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

Inspect = Callable[[str, dict[str, Any], Sequence[int]], Awaitable[dict[str, Any]]]
"""`await inspect(name, arguments, descriptors)` runs the function `name` of INSPECTIONS and gives its result.

Raises a XeniaError where there is none.
"""

INSPECTIONS = {
    "inspect_image": "xenia.storage.image:inspect_image",
    "classify_kernel": "xenia.storage.kernel_image:classify_kernel",
    "expand_kernel": "xenia.storage.kernel_image:expand_kernel",
    "read_layout": "xenia.storage.guest.layout:read_layout",
    "shrinking": "xenia.storage.guest.shrinking:shrinking",
    "extract_boot": "xenia.storage.guest.extract:extract_boot",
    "inspect_save": "xenia.storage.save.inspect:inspect_save",
}
"""The functions of this room that a worker must offer, as `module:function`."""
