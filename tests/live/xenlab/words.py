"""Running the commands that make a host."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path


class LabError(Exception):
    """The lab cannot do what was asked for; the text says what happened and what to do."""


def call(
    command: Sequence[str | Path],
    what: str,
    *,
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
    stdin: bytes = b"",
) -> bytes:
    """The standard output of `command`. Raises LabError, which says `what` could not be done and the last lines of what
    the command said.
    """
    try:
        done = subprocess.run(
            list(map(str, command)),
            cwd=folder,
            env=os.environ | {"LC_ALL": "C"} | (environment or {}),
            input=stdin,
            capture_output=True,
            check=True,
        )
    except FileNotFoundError as error:
        raise LabError(f"cannot {what}: there is no {command[0]} here; ./check --only xen installs it") from error
    except subprocess.CalledProcessError as error:
        said = (error.stderr + error.stdout).decode(errors="replace").strip().splitlines()
        last = "\n  ".join(said[-12:])
        raise LabError(f"cannot {what}: {command[0]} ended with {error.returncode}\n  {last}") from error
    return done.stdout
