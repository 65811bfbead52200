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
    async def call(name: str, arguments: dict[str, Any], descriptors: Sequence[int]) -> dict[str, Any]:
        module, function = INSPECTIONS[name].split(":")
        return getattr(importlib.import_module(module), function)(arguments, list(descriptors))

    return call


@pytest.fixture
def anything() -> Roots:
    return Roots(unrestricted=True)


@pytest.fixture
def no_descriptor_leaks() -> Iterator[None]:
    before = set(os.listdir("/proc/self/fd"))
    yield
    assert set(os.listdir("/proc/self/fd")) - before == set()
