"""Starting a Python process that is to give up its rights (xenia.lib.sandbox)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_BOOT = (
    "import sys, json, importlib; sys.path[:] = json.loads(sys.argv[1]); "
    "importlib.import_module(sys.argv[2]).main(sys.argv[3])"
)


def command(module: str, orders: Mapping[str, Any]) -> list[str]:
    """The words that have a new Python call `main` of `module` with `orders`, in JSON."""
    path = json.dumps([str(Path(entry).absolute()) for entry in sys.path])
    return [sys.executable, "-I", "-c", _BOOT, path, module, json.dumps(orders)]


def start(module: str, orders: Mapping[str, Any], descriptors: Sequence[int]) -> subprocess.Popen[bytes]:
    """Have `main(orders as JSON)` of `module` run in a process that has `descriptors` under the same numbers, the
    standard error of this one and else nothing of it. Raises OSError.
    """
    return subprocess.Popen(
        command(module, orders),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=descriptors,
        start_new_session=True,
        env={"LC_ALL": "C.UTF-8"},
    )
