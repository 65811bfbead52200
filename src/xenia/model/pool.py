"""A CPU pool: some CPUs of the host with a scheduler of their own, for some domains."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xenia.model.errors import XeniaError, invalid, not_found

POOL_0 = "Pool-0"
"""The pool that is always there. Domain-0 is in it."""

SCHEDULERS = ("credit2", "credit", "rtds", "null")

_NAME = re.compile(r"[A-Za-z_][\w.+-]{0,30}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pool:
    """`domains` is how many are in it."""

    name: str
    scheduler: str
    cpus: tuple[int, ...]
    domains: int


def check_name(name: str) -> None:
    """Raises invalid for what can be no name of a pool: it could be taken for something else."""
    if not _NAME.fullmatch(name):
        raise invalid(
            f"'{name}' cannot be the name of a CPU pool", "up to 31 letters, digits and . + - _, a letter or _ first"
        )


def no_such_pool(name: str) -> XeniaError:
    return not_found(f"there is no CPU pool '{name}'", "xm cpupool-list shows the pools")
