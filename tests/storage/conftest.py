"""The worker's functions run in this process, and the descriptors of a test are counted."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from xenia.storage.inspect import INSPECTIONS, Inspect
from xenia.storage.paths import Roots


@pytest.fixture
def inspect() -> Inspect:
    # All imported now: once a test has become another user, this checkout may be out of its sight.
    targets = {name: target.split(":") for name, target in INSPECTIONS.items()}
    functions = {name: getattr(importlib.import_module(module), word) for name, (module, word) in targets.items()}

    async def call(name: str, arguments: dict[str, Any], descriptors: Sequence[int]) -> dict[str, Any]:
        result: dict[str, Any] = functions[name](arguments, list(descriptors))
        return result

    return call


@pytest.fixture
def anything() -> Roots:
    return Roots(unrestricted=True)


@pytest.fixture
def no_descriptor_leaks() -> Iterator[None]:
    before = set(os.listdir("/proc/self/fd"))
    yield
    assert set(os.listdir("/proc/self/fd")) - before == set()
