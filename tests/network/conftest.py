"""A network namespace of its own for a test: nothing of the host is touched."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@pytest.fixture
def ip() -> Iterator[Callable[..., str]]:
    """Runs `ip` in a new, empty network namespace, in which the test's thread is as well."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _libc.unshare(_CLONE_NEWNET):
            pytest.skip(f"no network namespaces here: {os.strerror(ctypes.get_errno())}")
        try:
            yield lambda *words: subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout
        finally:
            assert _libc.setns(home, _CLONE_NEWNET) == 0
    finally:
        os.close(home)
